"""``alembic.ddl.impl``."""

from __future__ import annotations

from asyncmig.operations.alembic_impl import Implementation as DefaultImpl

__all__ = ["DefaultImpl"]
