"""``compile_operation``: the one way from an operation to SQL text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy
from sqlalchemy.exc import ArgumentError

from asyncmig.ddl import (
    columns,
    comments,
    constraints,
    data,
    entities,
    enums,
    execute,
    extensions,
    functions,
    grants,
    indexes,
    partitions,
    policies,
    schemas,
    sequences,
    tables,
    triggers,
    views,
)
from asyncmig.ddl.compilation import Compilation
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.base.errors import directive_error
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
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from sqlalchemy.engine import Dialect

    from asyncmig.operations.base.operation import MigrateOperation

    Compile: TypeAlias = Callable[[Any, Compilation], Iterable[CompiledSql | str]]

__all__ = ["COMPILERS", "compile_operation"]

COMPILERS: Mapping[type[MigrateOperation], Compile] = {
    AddColumnOp: columns.add_column,
    AddEnumValueOp: enums.add_enum_value,
    AlterColumnOp: columns.alter_column,
    AlterSequenceOp: sequences.alter_sequence,
    AttachPartitionOp: partitions.attach_partition,
    BulkInsertOp: data.bulk_insert,
    CreateCheckConstraintOp: constraints.add_constraint,
    CreateEntityOp: entities.create_entity,
    CreateEnumOp: enums.create_enum,
    CreateExcludeConstraintOp: constraints.add_constraint,
    CreateExtensionOp: extensions.create_extension,
    CreateForeignKeyOp: constraints.add_constraint,
    CreateFunctionOp: functions.create_function,
    CreateIndexOp: indexes.create_index,
    CreateMaterializedViewOp: views.create_materialized_view,
    CreatePolicyOp: policies.create_policy,
    CreatePrimaryKeyOp: constraints.add_constraint,
    CreateSchemaOp: schemas.create_schema,
    CreateSequenceOp: sequences.create_sequence,
    CreateTableCommentOp: comments.create_table_comment,
    CreateTableOp: tables.create_table,
    CreateTriggerOp: triggers.create_trigger,
    CreateUniqueConstraintOp: constraints.add_constraint,
    CreateViewOp: views.create_view,
    DetachPartitionOp: partitions.detach_partition,
    DisableRlsOp: policies.disable_rls,
    DropColumnOp: columns.drop_column,
    DropConstraintOp: constraints.drop_constraint,
    DropEntityOp: entities.drop_entity,
    DropEnumOp: enums.drop_enum,
    DropExtensionOp: extensions.drop_extension,
    DropFunctionOp: functions.drop_function,
    DropIndexOp: indexes.drop_index,
    DropMaterializedViewOp: views.drop_materialized_view,
    DropPolicyOp: policies.drop_policy,
    DropSchemaOp: schemas.drop_schema,
    DropSequenceOp: sequences.drop_sequence,
    DropTableCommentOp: comments.drop_table_comment,
    DropTableOp: tables.drop_table,
    DropTriggerOp: triggers.drop_trigger,
    DropViewOp: views.drop_view,
    EnableRlsOp: policies.enable_rls,
    ExecuteSQLOp: execute.execute,
    GrantOp: grants.grant,
    RefreshMaterializedViewOp: views.refresh_materialized_view,
    RenameEnumOp: enums.rename_enum,
    RenameEnumValueOp: enums.rename_enum_value,
    RenameTableOp: tables.rename_table,
    ReplaceEntityOp: entities.replace_entity,
    ReplaceViewOp: views.replace_view,
    RevokeOp: grants.revoke,
    ValidateConstraintOp: constraints.validate_constraint,
}
"""What compiles which operation. A subclass is compiled as its nearest ancestor."""


_UNKNOWN_KEYWORD = re.compile(r"Argument '(\w+)' is not accepted by dialect")


def compile_operation(operation: MigrateOperation, dialect: Dialect) -> list[CompiledSql]:
    """The statements of an operation, in the order they are to run.

    Args:
        operation: one of ``asyncmig.operations``, or of a subclass.
        dialect: a ``MigrationDialect``.

    Raises:
        DirectiveError: nobody knows how to compile it, or it cannot become SQL.
        sqlalchemy.exc.CompileError: SQLAlchemy refuses its schema objects.

    Example::

        compile_operation(DropTableOp("book"), MigrationDialect())[0].sql  # DROP TABLE book
    """
    if isinstance(operation, OpContainer):
        return [sql for inner in operation.ops for sql in compile_operation(inner, dialect)]
    for kind in type(operation).__mro__:
        compile_kind = COMPILERS.get(kind)
        if compile_kind is not None:
            compilation = Compilation(dialect)
            try:
                return [
                    CompiledSql(compiled) if isinstance(compiled, str) else compiled
                    for compiled in compile_kind(operation, compilation)
                ]
            except ArgumentError as error:
                keyword = _UNKNOWN_KEYWORD.match(str(error))
                if keyword is None:
                    raise
                raise directive_error(
                    f"SQLAlchemy {sqlalchemy.__version__} does not know {keyword[1]} here",
                    hint="postgresql_with of a table and postgresql_include of a key need SQLAlchemy 2.1;"
                    " op.execute takes any SQL",
                    directive=operation.directive,
                ) from error
    name = type(operation).__name__
    raise directive_error(
        f"asyncmig cannot compile {name}",
        hint=f"say how: @Operations.implementation_for({name})",
        directive=operation.directive,
    )
