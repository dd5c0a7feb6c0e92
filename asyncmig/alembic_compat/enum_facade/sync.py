"""``op.sync_enum_values`` and ``op.add_enum_value`` as scripts of alembic-postgresql-enum call them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.enum_facade.get_enum_data import (
    UNSPECIFIED,
    ColumnType,
    TableReference,
)
from asyncmig.sql.quoting import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.alembic_compat.enum_facade.sql_commands.indexes import TableIndex
    from asyncmig.operations.facade import Operations

__all__ = ["add_enum_value", "sync_enum_values"]

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
    affected_columns: Sequence[TableReference | tuple[Any, ...]],
    enum_values_to_rename: Iterable[tuple[str, str]] = (),
    indexes_to_recreate: Sequence[TableIndex] | None = None,
) -> None:
    """Give an enum other values: a new type takes its place in every column.

    Args:
        operations: of the script.
        enum_schema: its schema.
        enum_name: its name.
        new_values: all of its labels, in order.
        affected_columns: the columns of its type; in older scripts tuples of table and column, perhaps
            with a ``ColumnType``.
        enum_values_to_rename: pairs of old and new label.
        indexes_to_recreate: those whose condition names a label; PostgreSQL rebuilds the others.
    """
    indexes = indexes_to_recreate or ()
    quote = operations.migration_context.dialect.identifier_preparer.quote
    renames = list(enum_values_to_rename)
    new = f"{quote(enum_schema)}.{quote(enum_name)}"
    old_name = quote(f"{enum_name}_old")
    old = f"{quote(enum_schema)}.{old_name}"
    labels = ", ".join(map(literal, new_values))
    operations.execute(f"ALTER TYPE {new} RENAME TO {old_name}")
    operations.execute(f"CREATE TYPE {new} AS ENUM ({labels})")
    for index in indexes:
        operations.execute(f"DROP INDEX IF EXISTS {_quoted(index.name)}")
    for column_of_it in affected_columns:
        reference = _reference(column_of_it)
        table = quote(reference.table_name)
        schema = enum_schema if reference.table_schema == UNSPECIFIED else reference.table_schema
        if schema:
            table = f"{quote(schema)}.{table}"
        column = quote(reference.column_name)
        is_array = reference.column_type.name == "ARRAY"
        operations.execute(
            _CONVERT.format(
                table=table,
                table_text=literal(table),
                column=column,
                column_text=literal(reference.column_name),
                type=f"{new}[]" if is_array else new,
                value=_converted(column, new, renames, is_array=is_array),
                old_text=literal(old),
                new_text=literal(new),
                renames="".join(
                    f"        kept := pg_catalog.replace(kept, {before}, {after});\n"
                    for before, after in (map(literal, map(literal, pair)) for pair in renames)
                ),
                set_default=literal(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT "),
            ),
        )
    operations.execute(f"DROP TYPE {old}")
    for index in indexes:
        operations.execute(_renamed(index.definition, enum_name, renames))


def add_enum_value(operations: Operations, *args: Any, **kwargs: Any) -> None:
    """Add a label, with the arguments of that package or with those of our own directive.

    Its own are ``enum_schema``, ``enum_name``, ``new_value`` and ``before_value``.
    """
    is_theirs = len(args) > 2 or not kwargs.keys().isdisjoint({"enum_schema", "new_value"})
    if not is_theirs:
        operations.add_enum_value(*args, **kwargs)
        return
    names = ("enum_schema", "enum_name", "new_value", "before_value")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    operations.add_enum_value(
        given["enum_name"],
        given["new_value"],
        before=given.get("before_value"),
        schema=given["enum_schema"],
    )


def _reference(column: TableReference | tuple[Any, ...]) -> TableReference:
    if isinstance(column, tuple):
        table_name, column_name, *kind = column
        return TableReference(
            table_name, column_name, column_type=kind[0] if kind else ColumnType.COMMON
        )
    return column


def _quoted(name: str) -> str:
    parts = (part.strip('"') for part in name.rsplit(".", 1))
    return ".".join(map(quoted, parts))


def _renamed(definition: str, enum_name: str, renames: Sequence[tuple[str, str]]) -> str:
    """An index with the new labels in its condition."""
    for before, after in renames:
        of_the_enum = rf"(?=::(?:[^ ()]+\.)?\"?{re.escape(enum_name)}\b)"
        new = literal(after).replace("\\", r"\\")
        definition = re.sub(re.escape(literal(before)) + of_the_enum, new, definition)
    return definition


def _converted(column: str, new: str, renames: Sequence[tuple[str, str]], *, is_array: bool) -> str:
    if is_array:
        value = f"{column}::text[]"
        for before, after in renames:
            value = f"array_replace({value}, {literal(before)}, {literal(after)})"
        return f"{value}::{new}[]"
    if not renames:
        return f"{column}::text::{new}"
    cases = " ".join(f"WHEN {literal(before)} THEN {literal(after)}" for before, after in renames)
    return f"(CASE {column}::text {cases} ELSE {column}::text END)::{new}"
