"""``alembic.ddl``: constructs that users give to ``@compiles``, and the implementation's name."""

from __future__ import annotations

from asyncmig.operations.alembic_impl import Implementation as DefaultImpl

__all__ = ["DefaultImpl"]
