"""``alembic.autogenerate.render``: where renderers are registered."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.autogenerate import renderers

__all__ = ["renderers"]
