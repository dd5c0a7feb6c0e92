"""``alembic.ddl.postgresql``."""

from __future__ import annotations

from asyncmig.operations.implementation import Implementation as PostgresqlImpl

__all__ = ["PostgresqlImpl"]
