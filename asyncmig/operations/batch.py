"""``batch_alter_table``: the directives for one table, without its name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy.sql.elements import conv

from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.base.origin import CallSite, at_call_site, call_site
from asyncmig.operations.custom_directives import Extensible
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import DropConstraintOp
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp
from asyncmig.operations.script_operations import ScriptOperations

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import Column, Table
    from sqlalchemy.sql import Executable
    from sqlalchemy.sql.elements import BindParameter, ColumnElement, TextClause
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.context import MigrationContext
    from asyncmig.operations.directives.columns import ColumnType, ServerDefault

__all__ = ["BatchAlterTable", "BatchDirectives", "BatchOperations"]

_NO_KEYWORDS: Mapping[str, Any] = {}


class BatchAlterTable:
    """The table of a block, and the operations that wait for the end of the block."""

    def __init__(
        self,
        operations: ScriptOperations,
        table_name: str,
        schema: str | None,
        *,
        recreate: str,
        partial_reordering: list[tuple[str, ...]] | None,
    ) -> None:
        if recreate not in {"auto", "always", "never"}:
            raise ValueError(f"recreate is {recreate!r}; it may be 'auto', 'always' or 'never'")
        if recreate == "always" or partial_reordering:
            raise directive_error(
                f"batch_alter_table({table_name!r}) would copy the whole table to a new one"
                + (", to order its columns" if partial_reordering else ' (recreate="always")'),
                hint="PostgreSQL alters tables in place: leave out recreate and partial_reordering; "
                "to copy a table, write create_table, INSERT ... SELECT, drop_table and "
                "rename_table",
                directive="batch_alter_table",
            )
        self.operations = operations
        self.table_name = table_name
        self.schema = schema
        self._delayed: list[tuple[MigrateOperation, CallSite]] = []

    def delay(self, operation: MigrateOperation) -> None:
        """Keep an operation for the end of the block."""
        self._delayed.append((operation, call_site()))

    def flush(self) -> None:
        """Perform the operations of the block, in order."""
        for operation, site in self._delayed:
            with at_call_site(site):
                self.operations.perform(operation)


class BatchOperations(Extensible):
    """The directives of a ``batch_alter_table`` block."""

    def __init__(self, operations: ScriptOperations, table: BatchAlterTable) -> None:
        self.impl = table
        self._operations = operations

    @property
    def migration_context(self) -> MigrationContext:
        """The context of this script: options, version table, connection."""
        return self._operations.migration_context

    def get_context(self) -> MigrationContext:
        """The context of this script: options, version table, connection."""
        return self._operations.migration_context

    def get_bind(self) -> Connection:
        """The connection; the operations of this block are not sent yet."""
        return self._operations.get_bind()

    def run_async(
        self, async_function: Callable[..., Awaitable[Any]], *args: Any, **kw_args: Any
    ) -> Any:
        """Await a function; the operations of this block are not sent yet."""
        return self._operations.run_async(async_function, *args, **kw_args)

    def f(self, name: str) -> conv:
        """A final name: the naming convention of the models does not change it."""
        return conv(name)

    def inline_literal(
        self, value: str | int, type_: TypeEngine[Any] | None = None
    ) -> BindParameter[Any]:
        """A value that is written into the SQL."""
        return self._operations.inline_literal(value, type_)

    def invoke(self, operation: MigrateOperation) -> Any:
        """Keep an operation for the end of the block; SQL and your own operations run immediately."""
        implementation = self._custom_implementation(operation)
        if implementation is not None:
            return implementation(self, operation)
        if isinstance(operation, CreateTableOp | DropTableOp):
            raise directive_error(
                f"{operation.directive} of {operation.table_name!r} inside "
                f"batch_alter_table({self.impl.table_name!r})",
                hint="call it on op, outside of the block",
                directive=operation.directive,
            )
        if isinstance(operation, ExecuteSQLOp):
            return self._operations.perform(operation)
        self.impl.delay(operation)
        return None

    def invoke_rewritable(self, operation: MigrateOperation, *, safe: bool) -> Any:
        """Keep an operation that may have a safe form; ``safe=False`` keeps its plain form."""
        operation.safe = safe
        return self.invoke(operation)

    # columns

    def add_column(
        self,
        column: Column[Any],
        *,
        insert_before: str | None = None,
        insert_after: str | None = None,
        if_not_exists: bool | None = None,
        inline_references: bool | None = None,
        inline_primary_key: bool | None = None,
        safe: bool = True,
    ) -> None:
        """Add a column at the end of the table, see ``Operations.add_column``.

        Raises:
            DirectiveError: ``insert_before`` or ``insert_after`` is given.
        """
        if insert_before or insert_after:
            raise directive_error(
                f"column {column.name!r} of {self.impl.table_name!r} cannot be placed "
                + (f"before {insert_before!r}" if insert_before else f"after {insert_after!r}"),
                hint="PostgreSQL adds columns at the end: leave out insert_before and insert_after",
                directive="add_column",
            )
        self.invoke_rewritable(
            AddColumnOp(
                self.impl.table_name,
                column,
                schema=self.impl.schema,
                if_not_exists=if_not_exists,
                inline_references=inline_references,
                inline_primary_key=inline_primary_key,
            ),
            safe=safe,
        )

    def alter_column(
        self,
        column_name: str,
        *,
        nullable: bool | None = None,
        comment: str | Literal[False] | None = False,
        server_default: ServerDefault | Literal[False] | None = False,
        new_column_name: str | None = None,
        type_: ColumnType | None = None,
        existing_type: ColumnType | None = None,
        existing_server_default: ServerDefault | Literal[False] | None = False,
        existing_nullable: bool | None = None,
        existing_comment: str | None = None,
        insert_before: str | None = None,
        insert_after: str | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Change a column, see ``Operations.alter_column``; it keeps its place in the table."""
        self.invoke_rewritable(
            AlterColumnOp(
                self.impl.table_name,
                column_name,
                schema=self.impl.schema,
                existing_type=existing_type,
                existing_server_default=existing_server_default,
                existing_nullable=existing_nullable,
                existing_comment=existing_comment,
                modify_name=new_column_name,
                modify_type=type_,
                modify_server_default=server_default,
                modify_nullable=nullable,
                modify_comment=comment,
                insert_before=insert_before,
                insert_after=insert_after,
                **kw,
            ),
            safe=safe,
        )

    def drop_column(self, column_name: str, **kw: Any) -> None:
        """Drop a column, see ``Operations.drop_column``."""
        self.invoke(DropColumnOp(self.impl.table_name, column_name, schema=self.impl.schema, **kw))

    # constraints

    def create_primary_key(
        self, constraint_name: str | None, columns: list[str], *, safe: bool = True
    ) -> None:
        """Add a primary key, see ``Operations.create_primary_key``."""
        self.invoke_rewritable(
            CreatePrimaryKeyOp(
                constraint_name, self.impl.table_name, columns, schema=self.impl.schema
            ),
            safe=safe,
        )

    def create_unique_constraint(
        self, constraint_name: str, columns: Sequence[str], *, safe: bool = True, **kw: Any
    ) -> None:
        """Add a unique constraint, see ``Operations.create_unique_constraint``."""
        self.invoke_rewritable(
            CreateUniqueConstraintOp(
                constraint_name,
                self.impl.table_name,
                columns,
                **{**kw, "schema": self.impl.schema},
            ),
            safe=safe,
        )

    def create_foreign_key(
        self,
        constraint_name: str | None,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        *,
        referent_schema: str | None = None,
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        initially: str | None = None,
        match: str | None = None,
        safe: bool = True,
        **dialect_kw: Any,
    ) -> None:
        """Add a foreign key, see ``Operations.create_foreign_key``."""
        self.invoke_rewritable(
            CreateForeignKeyOp(
                constraint_name,
                self.impl.table_name,
                referent_table,
                local_cols,
                remote_cols,
                onupdate=onupdate,
                ondelete=ondelete,
                deferrable=deferrable,
                source_schema=self.impl.schema,
                referent_schema=referent_schema,
                initially=initially,
                match=match,
                **dialect_kw,
            ),
            safe=safe,
        )

    def create_check_constraint(
        self,
        constraint_name: str,
        condition: str | ColumnElement[bool] | TextClause,
        *,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Add a CHECK, see ``Operations.create_check_constraint``."""
        self.invoke_rewritable(
            CreateCheckConstraintOp(
                constraint_name, self.impl.table_name, condition, schema=self.impl.schema, **kw
            ),
            safe=safe,
        )

    def create_exclude_constraint(self, constraint_name: str, *elements: Any, **kw: Any) -> None:
        """Add an exclusion constraint, see ``Operations.create_exclude_constraint``."""
        self.invoke(
            CreateExcludeConstraintOp(
                constraint_name,
                self.impl.table_name,
                elements,
                **{**kw, "schema": self.impl.schema},
            )
        )

    def drop_constraint(self, constraint_name: str, type_: str | None = None) -> None:
        """Drop a constraint, see ``Operations.drop_constraint``."""
        self.invoke(
            DropConstraintOp(constraint_name, self.impl.table_name, type_, schema=self.impl.schema)
        )

    # indexes

    def create_index(
        self,
        index_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Create an index, see ``Operations.create_index``."""
        self.invoke_rewritable(
            CreateIndexOp(index_name, self.impl.table_name, columns, schema=self.impl.schema, **kw),
            safe=safe,
        )

    def drop_index(self, index_name: str, *, safe: bool = True, **kw: Any) -> None:
        """Drop an index, see ``Operations.drop_index``."""
        self.invoke_rewritable(
            DropIndexOp(index_name, self.impl.table_name, schema=self.impl.schema, **kw), safe=safe
        )

    # comments

    def create_table_comment(
        self, comment: str | None, *, existing_comment: str | None = None
    ) -> None:
        """Set the comment of the table."""
        self.invoke(
            CreateTableCommentOp(
                self.impl.table_name,
                comment,
                existing_comment=existing_comment,
                schema=self.impl.schema,
            )
        )

    def drop_table_comment(self, *, existing_comment: str | None = None) -> None:
        """Remove the comment of the table."""
        self.invoke(
            DropTableCommentOp(
                self.impl.table_name, existing_comment=existing_comment, schema=self.impl.schema
            )
        )

    # SQL

    def execute(
        self, sqltext: Executable | str, *, execution_options: dict[str, Any] | None = None
    ) -> None:
        """Execute SQL immediately, before the other directives of this block."""
        self.invoke(ExecuteSQLOp(sqltext, execution_options=execution_options))


class BatchDirectives(ScriptOperations):
    """Directive for several changes of one table."""

    @contextmanager
    def batch_alter_table(
        self,
        table_name: str,
        schema: str | None = None,
        recreate: Literal["auto", "always", "never"] = "auto",
        partial_reordering: list[tuple[str, ...]] | None = None,
        copy_from: Table | None = None,
        table_args: tuple[Any, ...] = (),
        table_kwargs: Mapping[str, Any] = _NO_KEYWORDS,
        reflect_args: tuple[Any, ...] = (),
        reflect_kwargs: Mapping[str, Any] = _NO_KEYWORDS,
        naming_convention: dict[str, str] | None = None,
    ) -> Iterator[BatchOperations]:
        """Group the directives for one table; they run when the block ends.

        PostgreSQL alters tables in place, so the group is only a shorter notation: the arguments
        about a copy of the table (``copy_from``, ``table_args``, ``reflect_args`` ...) have no effect.
        ``execute`` inside the block runs immediately, before the others. Each directive of the block has the
        arguments of its namesake, ``safe`` too.

        Raises:
            DirectiveError: ``recreate="always"``, which would copy the table row by row.

        Example::

            with op.batch_alter_table("book", schema="shop") as batch:
                batch.add_column(sa.Column("pages", sa.Integer))
                batch.drop_column("size")
        """
        del copy_from, table_args, table_kwargs, reflect_args, reflect_kwargs, naming_convention
        table = BatchAlterTable(
            self, table_name, schema, recreate=recreate, partial_reordering=partial_reordering
        )
        yield BatchOperations(self, table)
        table.flush()
