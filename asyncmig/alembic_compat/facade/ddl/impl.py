"""``alembic.ddl.impl``."""

from __future__ import annotations

from asyncmig.operations.implementation import Implementation as DefaultImpl

__all__ = ["DefaultImpl"]
