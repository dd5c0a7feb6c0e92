"""Columns: what makes one column out of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.diff.entities.kinds.kind import literal
from asyncmig.diff.schema_items.casts import converted, needs_cast
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.tables.storage import column_storage
from asyncmig.diff.types.sequence_values import set_sequence_value
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.model import Column, ObjectName, SequenceOptions, Table
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "add_column",
    "alter_column",
    "drop_column",
    "rebuilt_columns",
    "serial_steps",
    "stop_generating",
    "using",
]


def rebuilt_columns(old: Table, new: Table, replaced: Collection[ObjectName]) -> frozenset[str]:
    """The columns that PostgreSQL cannot alter into what they are to be: generated ones.

    Their expression changed, or the type of what it is made from. Their values are computed, so that
    dropping them loses nothing.

    Args:
        old: the table as it is.
        new: as it will be.
        replaced: enum types that give way to new ones.
    """
    if not replaced and old.columns == new.columns:
        return frozenset()
    both = {
        name: (old.columns[name], column)
        for name, column in new.columns.items()
        if name in old.columns
    }
    retyped = {
        name
        for name, (before, after) in both.items()
        if (before.type, before.collation) != (after.type, after.collation)
        or after.type.name in replaced
    }
    return frozenset(
        name for name, (before, after) in both.items() if _is_rebuilt(before, after, retyped)
    )


def _is_rebuilt(before: Column, after: Column, retyped: set[str]) -> bool:
    if after.generated is None:
        return before.generated is not None and not before.stored
    if (before.generated, before.stored) != (after.generated, after.stored):
        return True
    return not retyped.isdisjoint(columns_in(after.generated)) or after.name in retyped


def stop_generating(table: Table, before: Column, old: SchemaItemFactory) -> AlterColumnOp:
    """DROP EXPRESSION."""
    return AlterColumnOp(
        table.name.name,
        before.name,
        schema=old.schema(table.name),
        existing_type=old.type(before, table),
        existing_nullable=before.nullable,
        existing_server_default=old.default(before),
        modify_server_default=None,
    )


def add_column(
    table: Table, column: Column, objects: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ADD COLUMN; a serial column's sequence comes first, numbers the rows, and is owned by it afterwards."""
    schema = objects.schema(table.name)
    item = objects.column(column, table)
    item.autoincrement = "auto"
    if column.serial:
        item.server_default = sa.DefaultClause(_next_value(table, column, objects))
        yield from serial_steps(table, column, objects, create=True)
    yield AddColumnOp(table.name.name, item, schema=schema)
    if column.serial:
        yield _owned(table, column, objects)
    yield from column_storage(table, None, column, objects)


def serial_steps(
    table: Table, column: Column, objects: SchemaItemFactory, *, create: bool
) -> Iterator[MigrateOperation]:
    """The sequence of a serial column: its creation, or what joins it to the column."""
    name = _sequence_name(table, column)
    schema = objects.schema(table.name)
    if create:
        options = column.options
        said = {} if options is None else _said(options)
        yield CreateSequenceOp(name, schema=schema, **said)
        return
    yield AlterColumnOp(
        table.name.name,
        column.name,
        schema=schema,
        existing_type=objects.type(column, table),
        existing_nullable=column.nullable,
        modify_server_default=_next_value(table, column, objects),
    )
    yield _owned(table, column, objects)


def _next_value(table: Table, column: Column, objects: SchemaItemFactory) -> sa.TextClause:
    name = objects.qualified(table.name._replace(name=_sequence_name(table, column)))
    return objects.text(f"nextval({literal(name)}::regclass)")


def _owned(table: Table, column: Column, objects: SchemaItemFactory) -> AlterSequenceOp:
    return AlterSequenceOp(
        _sequence_name(table, column),
        schema=objects.schema(table.name),
        owned_by=f"{objects.qualified_name(table.name)}.{column.name}",
    )


def _sequence_name(table: Table, column: Column) -> str:
    return column.sequence.name if column.sequence else f"{table.name.name}_{column.name}_seq"


def _said(options: Any) -> dict[str, Any]:
    from asyncmig.diff.types.sequences import said

    return said(options)


def drop_column(table: Table, column: Column, objects: SchemaItemFactory) -> DropColumnOp:
    """DROP COLUMN."""
    return DropColumnOp.from_column_and_tablename(
        objects.schema(table.name), table.name.name, objects.column(column, table)
    )


def alter_column(
    table: Table, before: Column, after: Column, old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """The changes of one column, in an order that the server takes.

    Args:
        table: as it will be.
        before: the column as it is.
        after: as it will be.
        old: makes items of the catalog as it is.
        new: of the catalog as it will be.
    """
    schema = new.schema(table.name)
    known: dict[str, Any] = {
        "schema": schema,
        "existing_type": old.type(before, table),
        "existing_nullable": before.nullable,
        "existing_comment": before.comment,
    }
    name = table.name.name

    def alter(**changes: Any) -> AlterColumnOp:
        return AlterColumnOp(name, before.name, **{**known, **changes})

    retyped = (before.type, before.collation) != (after.type, after.collation)
    cast = retyped and needs_cast(before.type, after.type)
    default = before.default
    identity = before.identity
    if before.identity and not after.identity:
        yield alter(existing_server_default=old.identity(before), modify_server_default=None)
    if before.serial and not after.serial:
        yield alter(modify_server_default=None)
        if before.sequence is not None:
            yield DropSequenceOp(before.sequence.name, schema=old.schema(before.sequence))
    if identity and after.identity and _must_restart(before, after):
        # its sequence stands where the new one cannot
        yield alter(existing_server_default=old.identity(before), modify_server_default=None)
        identity = None
    if default is not None and (cast or after.identity):
        # the old default is of the old type, or in the way
        yield alter(existing_server_default=old.default(before), modify_server_default=None)
        default = None
    changes: dict[str, Any] = {}
    if retyped:
        changes["modify_type"] = new.type(after, table)
        if cast:
            changes["postgresql_using"] = using(before, after, new)
    if before.nullable != after.nullable:
        changes["modify_nullable"] = after.nullable
    if default != after.default or (retyped and after.default is not None):
        changes["existing_server_default"] = old.default(before) if default else None
        changes["modify_server_default"] = new.default(after)
    elif after.identity and (identity, _counting(before)) != (after.identity, _counting(after)):
        is_new = identity is None
        changes["existing_server_default"] = (
            False if is_new else old.identity(before, complete=True)
        )
        changes["modify_server_default"] = new.identity(after, complete=not is_new)
    if before.comment != after.comment:
        changes["modify_comment"] = after.comment
    if before.serial and after.serial and before.options != after.options:
        yield from _recount(before, after, old)
    if changes:
        yield alter(**changes)
    bare = replace(before, storage=None, compression=None) if retyped else before
    yield from column_storage(table, bare, after, new)
    if after.serial and not before.serial:
        yield from serial_steps(table, after, new, create=True)
        yield from serial_steps(table, after, new, create=False)
    yield from set_sequence_value(table, before, after, old, new)


def _counting(column: Column) -> SequenceOptions | None:
    """How an identity counts, without the type of its sequence, which follows the column's."""
    return None if column.options is None else replace(column.options, type="bigint")


def _must_restart(before: Column, after: Column) -> bool:
    from asyncmig.diff.types.sequences import must_restart

    old, new = before.options, after.options
    return old is not None and new is not None and must_restart(old, new)


def using(before: Column, after: Column, objects: SchemaItemFactory) -> str:
    """How values of another type become values of this one."""
    type_ = objects.local(after.type.text)
    return converted(objects.quote(after.name), before.type, after.type, type_)


def _recount(before: Column, after: Column, old: SchemaItemFactory) -> Iterator[MigrateOperation]:
    from asyncmig.diff.types.sequences import alteration

    if before.sequence is not None and before.options and after.options:
        yield alteration(
            before.sequence.name, old.schema(before.sequence), before.options, after.options
        )
