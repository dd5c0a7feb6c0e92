"""All operation classes under one name, as ``alembic.operations.ops`` has them."""

from asyncmig.operations.base.containers import (
    DowngradeOps,
    ModifyTableOps,
    OpContainer,
    UpgradeOps,
)
from asyncmig.operations.directives.columns import AddColumnOp
from asyncmig.operations.directives.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp

__all__ = [
    "AddColumnOp",
    "AddConstraintOp",
    "CreateIndexOp",
    "CreateTableOp",
    "DowngradeOps",
    "DropConstraintOp",
    "DropIndexOp",
    "DropTableOp",
    "ModifyTableOps",
    "OpContainer",
    "UpgradeOps",
]
