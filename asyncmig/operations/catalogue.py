"""Every operation that asyncmig performs itself. ``asyncmig.ddl`` compiles exactly these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.operations.checks import CreateCheckConstraintOp
from asyncmig.operations.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.data import BulkInsertOp
from asyncmig.operations.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.execute import ExecuteSQLOp
from asyncmig.operations.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.tables import CreateTableOp, DropTableOp, RenameTableOp

if TYPE_CHECKING:
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["BUILT_IN"]

BUILT_IN: frozenset[type[MigrateOperation]] = frozenset(
    {
        AddColumnOp,
        AlterColumnOp,
        BulkInsertOp,
        CreateCheckConstraintOp,
        CreateExcludeConstraintOp,
        CreateForeignKeyOp,
        CreateIndexOp,
        CreatePrimaryKeyOp,
        CreateTableCommentOp,
        CreateTableOp,
        CreateUniqueConstraintOp,
        DropColumnOp,
        DropConstraintOp,
        DropIndexOp,
        DropTableCommentOp,
        DropTableOp,
        ExecuteSQLOp,
        RenameTableOp,
        ValidateConstraintOp,
    }
)
