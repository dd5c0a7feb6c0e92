"""``alembic.operations``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.operations import ops
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.batch import BatchOperations
from asyncmig.operations.facade import Operations

AbstractOperations = Operations

__all__ = ["AbstractOperations", "BatchOperations", "MigrateOperation", "Operations", "ops"]
