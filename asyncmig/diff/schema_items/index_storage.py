"""What is said of indexes once they are there, those behind constraints among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.model import ObjectName
from asyncmig.diff.entities.kinds.kind import literal
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from asyncmig.catalog.model import Constraint, Index, Table
    from asyncmig.diff.schema_items.script_sql import ScriptSql
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["changed_details", "details_of_constraint", "details_of_index", "roles"]


def details_of_index(
    spelling: ScriptSql, table: Table, index: Index, create: MigrateOperation
) -> Iterator[ExecuteSQLOp]:
    """What follows the creation of an index: ``create``, which may have no word for its tablespace."""
    if isinstance(create, ExecuteSQLOp) and index.tablespace is not None:
        yield _in_tablespace(spelling, table, index.name, index.tablespace)
    if index.comment is not None:
        yield _comment(spelling, table, index)


def changed_details(
    spelling: ScriptSql, table: Table, before: Index, after: Index
) -> Iterator[ExecuteSQLOp]:
    """What changes about an index that stays."""
    if before.tablespace != after.tablespace:
        yield _in_tablespace(spelling, table, after.name, after.tablespace or "pg_default")
    if before.comment != after.comment:
        yield _comment(spelling, table, after)


def details_of_constraint(
    spelling: ScriptSql, table: Table, item: Constraint
) -> Iterator[ExecuteSQLOp]:
    """How the index behind a new constraint is stored."""
    if item.parameters:
        index = spelling.qualified(ObjectName(table.name.schema, item.name))
        yield ExecuteSQLOp(f"ALTER INDEX {index} SET ({', '.join(item.parameters)})")
    if item.tablespace is not None:
        yield _in_tablespace(spelling, table, item.name, item.tablespace)


def roles(
    spelling: ScriptSql, before: Table | None, after: Table, built: Container[str]
) -> Iterator[ExecuteSQLOp]:
    """Which index rows are known and ordered by.

    Args:
        spelling: of the names.
        before: the table as it is; None for a new one.
        after: as it will be.
        built: names of its indexes that are built anew.
    """
    alter = f"ALTER TABLE {spelling.qualified(after.name)}"
    known = after.replica_identity
    _, _, index = (known or "").partition("INDEX ")
    if known != (None if before is None else before.replica_identity) or index in built:
        said = f"USING INDEX {spelling.quote(index)}" if index else known or "DEFAULT"
        yield ExecuteSQLOp(f"{alter} REPLICA IDENTITY {said}")
    first = after.clustered
    if first != (None if before is None else before.clustered) or (first or "") in built:
        said = f"CLUSTER ON {spelling.quote(first)}" if first else "SET WITHOUT CLUSTER"
        yield ExecuteSQLOp(f"{alter} {said}")


def _in_tablespace(spelling: ScriptSql, table: Table, index: str, place: str) -> ExecuteSQLOp:
    name = spelling.qualified(ObjectName(table.name.schema, index))
    return ExecuteSQLOp(f"ALTER INDEX {name} SET TABLESPACE {spelling.quote(place)}")


def _comment(spelling: ScriptSql, table: Table, index: Index) -> ExecuteSQLOp:
    name = spelling.qualified(ObjectName(table.name.schema, index.name))
    text = "NULL" if index.comment is None else literal(index.comment)
    return ExecuteSQLOp(f"COMMENT ON INDEX {name} IS {text}")
