"""``alembic.autogenerate.compare``: where comparators are registered."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.autogenerate import comparators

__all__ = ["comparators"]
