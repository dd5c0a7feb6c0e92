"""``alembic.runtime.migration``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.migration import MigrationContext
from asyncmig.alembic_compat.version_rows import StandaloneContext
from asyncmig.plan.version_hooks import MigrationInfo

__all__ = ["MigrationContext", "MigrationInfo", "StandaloneContext"]
