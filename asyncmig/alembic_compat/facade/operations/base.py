"""``alembic.operations.base``."""

from __future__ import annotations

from asyncmig.operations.batch import BatchOperations
from asyncmig.operations.facade import Operations

AbstractOperations = Operations

__all__ = ["AbstractOperations", "BatchOperations", "Operations"]
