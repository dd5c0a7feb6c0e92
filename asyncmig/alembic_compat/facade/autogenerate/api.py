"""``alembic.autogenerate.api``: a name for annotations."""

from __future__ import annotations

from asyncmig.autogenerate.context import AutogenContext

__all__ = ["AutogenContext"]
