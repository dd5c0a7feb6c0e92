"""``alembic_utils.reversible_op``: the operations behind ``op.create_entity`` and its kin."""

from __future__ import annotations

from asyncmig.operations.directives.entities import (
    CreateEntityOp as CreateOp,
)
from asyncmig.operations.directives.entities import (
    DropEntityOp as DropOp,
)
from asyncmig.operations.directives.entities import (
    EntityOp as ReversibleOp,
)
from asyncmig.operations.directives.entities import (
    ReplaceEntityOp as ReplaceOp,
)

RevertOp = ReplaceOp

__all__ = ["CreateOp", "DropOp", "ReplaceOp", "ReversibleOp", "RevertOp"]
