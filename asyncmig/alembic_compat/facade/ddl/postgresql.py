"""``alembic.ddl.postgresql``."""

from __future__ import annotations

from asyncmig.operations.alembic_impl import Implementation as PostgresqlImpl

__all__ = ["PostgresqlImpl"]
