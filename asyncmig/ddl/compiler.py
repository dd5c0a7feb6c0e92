"""``compile_operation``: the one way from an operation to SQL text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from asyncmig.ddl import columns, comments, constraints, data, execute, indexes, tables
from asyncmig.ddl.compilation import Compilation
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.errors import DirectiveError
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
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from sqlalchemy.engine import Dialect

    from asyncmig.operations.operation import MigrateOperation

    Compile: TypeAlias = Callable[[Any, Compilation], Iterable[CompiledSql | str]]

__all__ = ["COMPILERS", "compile_operation"]

COMPILERS: Mapping[type[MigrateOperation], Compile] = {
    AddColumnOp: columns.add_column,
    AlterColumnOp: columns.alter_column,
    BulkInsertOp: data.bulk_insert,
    CreateCheckConstraintOp: constraints.add_constraint,
    CreateExcludeConstraintOp: constraints.add_constraint,
    CreateForeignKeyOp: constraints.add_constraint,
    CreateIndexOp: indexes.create_index,
    CreatePrimaryKeyOp: constraints.add_constraint,
    CreateTableCommentOp: comments.create_table_comment,
    CreateTableOp: tables.create_table,
    CreateUniqueConstraintOp: constraints.add_constraint,
    DropColumnOp: columns.drop_column,
    DropConstraintOp: constraints.drop_constraint,
    DropIndexOp: indexes.drop_index,
    DropTableCommentOp: comments.drop_table_comment,
    DropTableOp: tables.drop_table,
    ExecuteSQLOp: execute.execute,
    RenameTableOp: tables.rename_table,
    ValidateConstraintOp: constraints.validate_constraint,
}
"""What compiles which operation. A subclass is compiled as its nearest ancestor."""


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
    for kind in type(operation).__mro__:
        compile_kind = COMPILERS.get(kind)
        if compile_kind is not None:
            compilation = Compilation(dialect)
            return [
                CompiledSql(compiled) if isinstance(compiled, str) else compiled
                for compiled in compile_kind(operation, compilation)
            ]
    name = type(operation).__name__
    raise DirectiveError(
        f"asyncmig cannot compile {name}",
        hint=f"say how: @Operations.implementation_for({name})",
        directive=operation.directive,
    )
