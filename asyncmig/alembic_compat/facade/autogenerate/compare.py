"""``alembic.autogenerate.compare``: where comparators are registered."""

from __future__ import annotations

from asyncmig.autogenerate.dispatch import comparators

__all__ = ["comparators"]
