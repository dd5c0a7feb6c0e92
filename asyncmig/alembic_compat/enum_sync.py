"""``alembic_postgresql_enum`` as scripts use it: ``op.sync_enum_values`` and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.operations.facade import Operations

__all__ = ["ColumnType", "Config", "TableReference", "set_configuration", "sync_enum_values"]


_ENUM_S = "(that of the enum)"


class ColumnType(Enum):
    """What a column holds."""

    COMMON = "common"
    ARRAY = "array"


@dataclass(frozen=True)
class TableReference:
    """A column of the enum's type."""

    table_name: str
    column_name: str
    table_schema: str | None = _ENUM_S
    column_type: ColumnType = ColumnType.COMMON
    existing_server_default: str | None = None


@dataclass
class Config:
    """Without effect: it steers autogenerate."""

    add_type_ignore: bool = False
    include_name: Any = None
    drop_unused_enums: bool = True
    detect_enum_values_changes: bool = True
    force_dialect_support: bool = False
    ignore_enum_values_order: bool = False


def set_configuration(config: Any) -> None:
    """Without effect: it steers autogenerate."""


_CONVERT = """\
DO $asyncmig$
DECLARE
    kept text;
BEGIN
    SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) INTO kept
    FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = {table_text}::regclass AND a.attname = {column_text};
    IF kept IS NOT NULL THEN
        ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT;
    END IF;
    ALTER TABLE {table} ALTER COLUMN {column} TYPE {type} USING {value};
    IF kept IS NOT NULL THEN
        kept := pg_catalog.replace(kept, {old_text}::regtype::text, {new_text}::regtype::text);
{renames}\
        EXECUTE {set_default} || kept;
    END IF;
END
$asyncmig$"""
"""A column's default names the type, so it has to go and to come back; the server knows it."""


def sync_enum_values(
    operations: Operations,
    enum_schema: str,
    enum_name: str,
    new_values: Sequence[str],
    affected_columns: Sequence[TableReference | tuple[str, str]],
    enum_values_to_rename: Iterable[tuple[str, str]] = (),
    indexes_to_recreate: Sequence[Any] | None = None,
) -> None:
    """Give an enum other values: a new type takes its place in every column.

    Args:
        operations: of the script.
        enum_schema: its schema.
        enum_name: its name.
        new_values: all of its labels, in order.
        affected_columns: the columns of its type; pairs of table and column in older scripts.
        enum_values_to_rename: pairs of old and new label.
        indexes_to_recreate: without effect; PostgreSQL rebuilds the indexes of a converted column.
    """
    del indexes_to_recreate
    quote = operations.migration_context.dialect.identifier_preparer.quote
    renames = list(enum_values_to_rename)
    new = f"{quote(enum_schema)}.{quote(enum_name)}"
    old_name = quote(f"{enum_name}_old")
    old = f"{quote(enum_schema)}.{old_name}"
    labels = ", ".join(map(_text, new_values))
    operations.execute(f"ALTER TYPE {new} RENAME TO {old_name}")
    operations.execute(f"CREATE TYPE {new} AS ENUM ({labels})")
    for reference in affected_columns:
        if not isinstance(reference, TableReference):
            reference = TableReference(*reference)  # noqa: PLW2901 - the older form of the same
        table = quote(reference.table_name)
        schema = enum_schema if reference.table_schema == _ENUM_S else reference.table_schema
        if schema:
            table = f"{quote(schema)}.{table}"
        column = quote(reference.column_name)
        is_array = getattr(reference.column_type, "name", "") == "ARRAY"
        operations.execute(
            _CONVERT.format(
                table=table,
                table_text=_text(table),
                column=column,
                column_text=_text(reference.column_name),
                type=f"{new}[]" if is_array else new,
                value=_converted(column, new, renames, is_array=is_array),
                old_text=_text(old),
                new_text=_text(new),
                renames="".join(
                    f"        kept := pg_catalog.replace(kept, {_text(_text(a))}, {_text(_text(b))});\n"
                    for a, b in renames
                ),
                set_default=_text(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT "),
            ),
        )
    operations.execute(f"DROP TYPE {old}")


def _converted(column: str, new: str, renames: Sequence[tuple[str, str]], *, is_array: bool) -> str:
    if is_array:
        value = f"{column}::text[]"
        for before, after in renames:
            value = f"array_replace({value}, {_text(before)}, {_text(after)})"
        return f"{value}::{new}[]"
    if not renames:
        return f"{column}::text::{new}"
    cases = " ".join(f"WHEN {_text(before)} THEN {_text(after)}" for before, after in renames)
    return f"(CASE {column}::text {cases} ELSE {column}::text END)::{new}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
