"""Every operation that asyncmig performs itself. ``asyncmig.ddl`` compiles exactly these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.operations.checks import CreateCheckConstraintOp
from asyncmig.operations.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.data import BulkInsertOp
from asyncmig.operations.entities import CreateEntityOp, DropEntityOp, ReplaceEntityOp
from asyncmig.operations.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
    RenameEnumValueOp,
)
from asyncmig.operations.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.execute import ExecuteSQLOp
from asyncmig.operations.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.operations.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.operations.grants import GrantOp, RevokeOp
from asyncmig.operations.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.policies import CreatePolicyOp, DisableRlsOp, DropPolicyOp, EnableRlsOp
from asyncmig.operations.schemas import CreateSchemaOp, DropSchemaOp
from asyncmig.operations.sequences import AlterSequenceOp, CreateSequenceOp, DropSequenceOp
from asyncmig.operations.tables import CreateTableOp, DropTableOp, RenameTableOp
from asyncmig.operations.triggers import CreateTriggerOp, DropTriggerOp
from asyncmig.operations.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    DropMaterializedViewOp,
    DropViewOp,
    RefreshMaterializedViewOp,
    ReplaceViewOp,
)

if TYPE_CHECKING:
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["BUILT_IN"]

BUILT_IN: frozenset[type[MigrateOperation]] = frozenset(
    {
        AddColumnOp,
        AddEnumValueOp,
        AlterColumnOp,
        AlterSequenceOp,
        AttachPartitionOp,
        BulkInsertOp,
        CreateCheckConstraintOp,
        CreateEntityOp,
        CreateEnumOp,
        CreateExcludeConstraintOp,
        CreateExtensionOp,
        CreateForeignKeyOp,
        CreateFunctionOp,
        CreateIndexOp,
        CreateMaterializedViewOp,
        CreatePolicyOp,
        CreatePrimaryKeyOp,
        CreateSchemaOp,
        CreateSequenceOp,
        CreateTableCommentOp,
        CreateTableOp,
        CreateTriggerOp,
        CreateUniqueConstraintOp,
        CreateViewOp,
        DetachPartitionOp,
        DisableRlsOp,
        DropColumnOp,
        DropConstraintOp,
        DropEntityOp,
        DropEnumOp,
        DropExtensionOp,
        DropFunctionOp,
        DropIndexOp,
        DropMaterializedViewOp,
        DropPolicyOp,
        DropSchemaOp,
        DropSequenceOp,
        DropTableCommentOp,
        DropTableOp,
        DropTriggerOp,
        DropViewOp,
        EnableRlsOp,
        ExecuteSQLOp,
        GrantOp,
        RefreshMaterializedViewOp,
        RenameEnumOp,
        RenameEnumValueOp,
        RenameTableOp,
        ReplaceEntityOp,
        ReplaceViewOp,
        RevokeOp,
        ValidateConstraintOp,
    }
)
