"""``alembic.autogenerate.render``: where renderers are registered."""

from __future__ import annotations

from asyncmig.autogenerate.dispatch import renderers

__all__ = ["renderers"]
