"""``alembic.runtime.migration``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.migration import MigrationContext
from asyncmig.alembic_compat.version_rows import StandaloneContext

__all__ = ["MigrationContext", "StandaloneContext"]
