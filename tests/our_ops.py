"""All operation classes under one name, as ``alembic.operations.ops`` has them."""

from asyncmig.operations.catalogue import BUILT_IN
from asyncmig.operations.columns import AddColumnOp
from asyncmig.operations.constraints import AddConstraintOp, DropConstraintOp
from asyncmig.operations.containers import DowngradeOps, ModifyTableOps, OpContainer, UpgradeOps
from asyncmig.operations.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.tables import CreateTableOp, DropTableOp

__all__ = [
    "BUILT_IN",
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
