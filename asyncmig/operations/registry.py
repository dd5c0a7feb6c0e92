"""Every operation that asyncmig performs itself. ``asyncmig.ddl`` compiles exactly these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.entities import CreateEntityOp, DropEntityOp, ReplaceEntityOp
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
    RenameEnumValueOp,
)
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.functions import CreateFunctionOp, DropFunctionOp
from asyncmig.operations.directives.grants import GrantOp, RevokeOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.partitions import AttachPartitionOp, DetachPartitionOp
from asyncmig.operations.directives.policies import (
    CreatePolicyOp,
    DisableRlsOp,
    DropPolicyOp,
    EnableRlsOp,
)
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp
from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
)
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp
from asyncmig.operations.directives.triggers import CreateTriggerOp, DropTriggerOp
from asyncmig.operations.directives.views import (
    CreateMaterializedViewOp,
    CreateViewOp,
    DropMaterializedViewOp,
    DropViewOp,
    RefreshMaterializedViewOp,
    ReplaceViewOp,
)

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

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
