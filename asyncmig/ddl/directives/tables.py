"""Tables as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable, SetColumnComment, SetTableComment

from asyncmig.ddl.compilation import generate_sql
from asyncmig.ddl.directives.execute import compile_construct
from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import Table

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.base.created_types import ScriptTypes

__all__ = ["create_table", "drop_table", "rename_table"]


@generate_sql.register(CreateTableOp)
def create_table(operation: CreateTableOp, compilation: Compilation) -> Iterator[str]:
    """CREATE TYPE if needed, CREATE TABLE, its indexes, its comments."""
    table = operation.table
    context = operation.script_context
    types = CreatedTypes().for_script("") if context is None else context.created_types
    written: list[str] = []
    _collect_listener_ddl(table.dispatch.before_create, table, compilation, types, written)
    yield from written
    written.clear()
    yield compilation.ddl(CreateTable(table, if_not_exists=bool(operation.if_not_exists)))
    _collect_listener_ddl(table.dispatch.after_create, table, compilation, types, written)
    yield from written
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield compilation.ddl(CreateIndex(index))
    if table.comment is not None:
        yield compilation.ddl(SetTableComment(table))
    for column in table.columns:
        if column.comment is not None:
            yield compilation.ddl(SetColumnComment(column))


@generate_sql.register(DropTableOp)
def drop_table(operation: DropTableOp, compilation: Compilation) -> Iterator[str]:
    """DROP TABLE. The types of its columns are kept, which SQLAlchemy 2.0 would drop."""
    table = operation.to_table()
    written: list[str] = []
    _collect_listener_ddl(table.dispatch.before_drop, table, compilation, _AllTypes(), written)
    yield from written
    written.clear()
    yield compilation.ddl(DropTable(table, if_exists=bool(operation.if_exists)))
    _collect_listener_ddl(table.dispatch.after_drop, table, compilation, _AllTypes(), written)
    yield from written


@generate_sql.register(RenameTableOp)
def rename_table(operation: RenameTableOp, compilation: Compilation) -> Iterator[str]:
    """ALTER TABLE ... RENAME TO."""
    table = compilation.alter_table(operation.table_name, operation.schema)
    yield f"{table} RENAME TO {compilation.quote(operation.new_table_name)}"


def _collect_listener_ddl(
    event: Any,
    table: Table,
    compilation: Compilation,
    types: ScriptTypes | _AllTypes,
    written: list[str],
) -> None:
    """Collect the DDL of a table's listeners: of enum types, domains and the user."""
    if not event:
        return

    def write(construct: Any, parameters: Any = None) -> None:
        written.extend(
            statement.sql for statement in compile_construct(construct, compilation, parameters)
        )

    connection = MockConnection(compilation.dialect, write)
    event(table, connection, checkfirst=False, _ddl_runner=_Runner(types))


class _Runner:
    """The object that SQLAlchemy asks for types that exist."""

    def __init__(self, types: ScriptTypes | _AllTypes) -> None:
        self.memo: Any = _Memo(types)


class _Memo:
    def __init__(self, types: ScriptTypes | _AllTypes) -> None:
        self._types = types

    def __contains__(self, kind: object) -> bool:
        return True

    def __getitem__(self, kind: str) -> ScriptTypes | _AllTypes:
        return self._types


class _AllTypes:
    """Contains every type, so that none is dropped."""

    def __contains__(self, name: object) -> bool:
        return True

    def add(self, name: object) -> None:
        """Without effect."""
