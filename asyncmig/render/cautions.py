"""What a reviewer should know before a line of a script: lost data, failing rows, rewritten tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import ENUM

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.impossible import ImpossibleChangeOp
from asyncmig.operations.tables import DropTableOp, RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.operation import MigrateOperation

__all__ = ["cautions"]

_DIALECT = MigrationDialect()
_FORM = re.compile(r"(?P<name>[A-Z ]+?) ?(?:\((?P<sizes>[\d, ]+)\))?(?P<rest> [A-Z ]+)?")
_TEXTS = frozenset({"VARCHAR", "TEXT"})
_WHOLE = ("SMALLINT", "INTEGER", "BIGINT")
_ROOMY = frozenset({"NUMERIC", "DOUBLE PRECISION"})


def cautions(operation: MigrateOperation) -> Iterator[str]:
    """Lines of a comment, without their hash.

    Tables are taken to have rows: the database that is compared is often a developer's, whose empty
    tables say nothing about the one that the script is for.
    """
    match operation:
        case DropTableOp():
            yield from _dropped(operation)
            yield from _hindered(operation.hindered_by)
        case DropColumnOp():
            if operation.to_column().computed is None:
                yield f"drops column {_table(operation)}.{operation.column_name} with its data"
            yield from _hindered(operation.hindered_by)
        case AddColumnOp() if _needs_a_value(operation):
            table, name = _table(operation), operation.column.name
            yield f"fails if {table} has rows: give a server_default; or add it with nullable=True, fill"
            yield f"it, and then op.alter_column({table!r}, {name!r}, nullable=False)".replace(
                "'", '"'
            )
        case ImpossibleChangeOp():
            yield "PostgreSQL cannot alter this: create a new table, move the rows and rename it, or let"
            yield "the models say what the database has; then take this line away"
        case AlterColumnOp():
            yield from _named_in(operation.column_name, operation.named_in)
            yield from _altered(operation)
        case RenameTableOp():
            yield from _named_in(operation.table_name, operation.named_in)
        case _:
            return


def _dropped(operation: DropTableOp) -> Iterator[str]:
    partitioned = operation.table_kw.get("postgresql_partition_by") is not None
    table, rows = (
        _table(operation),
        "all its partitions and their rows" if partitioned else "its rows",
    )
    if operation.twin is None:
        yield f"drops table {table} with {rows}"
        return
    twin = f"{operation.twin}.{operation.table_name}"
    yield f"drops table {table} with {rows}; {twin} has the same columns: to keep the rows, write"
    yield f'op.execute("ALTER TABLE {table} SET SCHEMA {operation.twin}") in place of this line and of'
    yield f"those that create {twin}"


def _hindered(names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"fails: {', '.join(names)} would be left without it, and nobody declares what it is to"
        yield "become; drop it above this line, or declare it"


def _named_in(name: str, routines: tuple[str, ...]) -> Iterator[str]:
    if routines:
        yield f"the source of {', '.join(routines)} says {name}, which PostgreSQL does not change: write it"
        yield "anew below, or declare it beside the models"


def _needs_a_value(operation: AddColumnOp) -> bool:
    column = operation.column
    made = (column.server_default, column.identity, column.computed)
    return not column.nullable and all(item is None for item in made)


def _altered(operation: AlterColumnOp) -> Iterator[str]:
    place = f"{_table(operation)}.{operation.column_name}"
    if operation.modify_nullable is False:
        yield f"fails if {place} has NULLs: fill them first"
    before: Any = operation.existing_type
    after: Any = operation.modify_type
    if before is None or after is None:
        return
    if isinstance(before, ENUM) and isinstance(after, ENUM):
        lost = [label for label in before.enums if label not in after.enums]
        if lost:
            labels = ", ".join(map(repr, lost))
            yield f"fails if {place} is {labels} somewhere: change those rows first"
    elif (fits := _fits(before, after)) is not None:
        yield f"rewrites {_table(operation)}, which is locked meanwhile" + (
            "" if fits else f"; fails if a value of {operation.column_name} does not fit"
        )


def _fits(before: TypeEngine[Any], after: TypeEngine[Any]) -> bool | None:
    """Whether every value of the one type is one of the other; None where nothing is rewritten."""
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        return False
    (old_name, old_sizes), (new_name, new_sizes) = old, new
    if {old_name, new_name} <= _TEXTS:
        return None if _wider(old_sizes[:1], new_sizes[:1]) else False
    if old_name == new_name == "NUMERIC":
        same_scale = old_sizes[1:] == new_sizes[1:]
        return None if not new_sizes or (same_scale and _wider(old_sizes, new_sizes)) else False
    if old_name == new_name:
        return None if _wider(old_sizes, new_sizes) else False
    if (old_name, new_name) == ("CIDR", "INET"):
        return None
    if old_name in _WHOLE and new_name in _WHOLE:
        return _WHOLE.index(old_name) < _WHOLE.index(new_name)
    stretched = {old_name.partition(" ")[0], new_name.partition(" ")[0]} == {"TIMESTAMP"}
    roomy = (old_name in _WHOLE and new_name in _ROOMY) or (old_name, new_name) in {
        ("REAL", "DOUBLE PRECISION"),
        ("JSON", "JSONB"),
        ("DATE", "TIMESTAMP WITHOUT TIME ZONE"),
    }
    return stretched or new_name in _TEXTS or (roomy and not new_sizes)


def _parts(type_: TypeEngine[Any]) -> tuple[str, tuple[int, ...]] | None:
    sql = str(type_.compile(dialect=_DIALECT)).partition(" COLLATE ")[0]
    form = _FORM.fullmatch(sql.removesuffix("[]"))
    if form is None:
        return None
    sizes = tuple(int(size) for size in form["sizes"].split(",")) if form["sizes"] else ()
    return form["name"] + (form["rest"] or "") + "[]" * sql.endswith("[]"), sizes


def _wider(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    return not new or bool(old and old[0] <= new[0])


def _table(operation: Any) -> str:
    table = str(operation.table_name)
    return f"{operation.schema}.{table}" if operation.schema else table
