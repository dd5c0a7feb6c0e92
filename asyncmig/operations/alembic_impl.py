"""``operations.impl``: the members of Alembic's implementation object that users' code calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.directives.constraints import (
    AddConstraintOp,
    DropConstraintOp,
    name_of,
    table_of,
)
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import Constraint, Index, Table
    from sqlalchemy.sql import Executable
    from sqlalchemy.sql.selectable import TableClause

    from asyncmig.operations.base.directives import Directives
    from asyncmig.operations.base.sink import Sink

__all__ = ["Implementation"]


class Implementation:
    """Directives that take schema objects instead of names."""

    transactional_ddl = True
    command_terminator = ";"

    def __init__(self, operations: Directives, sink: Sink) -> None:
        self._operations = operations
        self._sink = sink
        self._perform = operations.perform

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's PostgreSQL dialect."""
        return self._sink.dialect

    @property
    def bind(self) -> Connection:
        """The connection, as ``op.get_bind()`` gives it."""
        return self._operations.get_bind()

    @property
    def connection(self) -> Connection:
        """The connection, as ``op.get_bind()`` gives it."""
        return self._operations.get_bind()

    @property
    def as_sql(self) -> bool:
        """True in offline mode, where a script for psql is written."""
        return self._sink.offline

    def execute(
        self,
        sql: Executable | str,
        execution_options: dict[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Execute SQL, once for each set of parameters."""
        for parameters in multiparams or (params,):
            self._perform(
                ExecuteSQLOp(sql, execution_options=execution_options, parameters=parameters)
            )

    _exec = execute
    """Users' implementations execute Alembic's constructs by this name."""

    def create_table(self, table: Table, *, if_not_exists: bool | None = None) -> None:
        """Create a table and its indexes."""
        operation = CreateTableOp.from_table(table)
        operation.if_not_exists = if_not_exists
        self._perform(operation)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            self.create_index(index)

    def drop_table(self, table: Table, *, if_exists: bool | None = None) -> None:
        """Drop a table."""
        self._perform(DropTableOp(table.name, schema=table.schema, if_exists=if_exists))

    def rename_table(
        self, old_table_name: str, new_table_name: str, schema: str | None = None
    ) -> None:
        """Rename a table."""
        self._perform(RenameTableOp(old_table_name, new_table_name, schema=schema))

    def create_index(self, index: Index, *, if_not_exists: bool | None = None) -> None:
        """Create an index."""
        operation = CreateIndexOp.from_index(index)
        operation.if_not_exists = if_not_exists
        self._perform(operation)

    def drop_index(self, index: Index, *, if_exists: bool | None = None) -> None:
        """Drop an index."""
        operation = DropIndexOp.from_index(index)
        operation.if_exists = if_exists
        self._perform(operation)

    def add_constraint(self, const: Constraint) -> None:
        """Add a constraint to its table."""
        self._perform(AddConstraintOp.from_constraint(const))

    def drop_constraint(self, const: Constraint, *, if_exists: bool | None = None) -> None:
        """Drop a constraint from its table."""
        table = table_of(const)
        self._perform(
            DropConstraintOp(name_of(const), table.name, schema=table.schema, if_exists=if_exists)
        )

    def create_table_comment(self, table: Table) -> None:
        """Set the comment of a table."""
        self._perform(CreateTableCommentOp(table.name, table.comment, schema=table.schema))

    def drop_table_comment(self, table: Table) -> None:
        """Remove the comment of a table."""
        self._perform(DropTableCommentOp(table.name, schema=table.schema))

    def bulk_insert(
        self, table: Table | TableClause, rows: list[dict[str, Any]], multiinsert: bool = True
    ) -> None:
        """Insert rows."""
        self._perform(BulkInsertOp(table, rows, multiinsert=multiinsert))
