"""Changes of one column, and the sequences of serial columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.diff.schema_items.casts import needs_cast, using_expression
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.tables.storage import column_storage
from asyncmig.diff.types.sequence_values import set_sequence_value
from asyncmig.diff.types.sequences import alter_sequence, create_options, must_restart
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
)
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.model import Column, SequenceOptions, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "add_column",
    "alter_column",
    "attach_sequence",
    "create_sequence_of",
    "drop_column",
    "drop_expression",
    "rebuilt_columns",
]


def rebuilt_columns(old: Table, new: Table, replaced: Collection[ObjectName]) -> frozenset[str]:
    """The generated columns that PostgreSQL cannot alter, so that they are dropped and added again.

    Their expression changes, or the type of a column that it uses. Their values are computed, so that no data
    is lost.

    Args:
        old: the table before.
        new: the table after.
        replaced: types that are replaced under their name.
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


def drop_expression(table: Table, before: Column, old: SchemaItemFactory) -> AlterColumnOp:
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
    table: Table, column: Column, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """ADD COLUMN.

    The sequence of a serial column is created before it, so that it numbers the existing rows, and is owned
    by the column afterwards.
    """
    item = factory.column(column, table)
    item.autoincrement = "auto"
    if column.serial:
        item.server_default = sa.DefaultClause(_next_value(table, column, factory))
        yield create_sequence_of(table, column, factory)
    yield AddColumnOp(table.name.name, item, schema=factory.schema(table.name))
    if column.serial:
        yield _set_owner(table, column, factory)
    yield from column_storage(table, None, column, factory)


def create_sequence_of(
    table: Table, column: Column, factory: SchemaItemFactory
) -> CreateSequenceOp:
    """CREATE SEQUENCE for a serial column."""
    options = {} if column.options is None else create_options(column.options)
    return CreateSequenceOp(
        _sequence_name(table, column), schema=factory.schema(table.name), **options
    )


def attach_sequence(
    table: Table, column: Column, factory: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """SET DEFAULT and OWNED BY for a serial column whose sequence exists."""
    yield AlterColumnOp(
        table.name.name,
        column.name,
        schema=factory.schema(table.name),
        existing_type=factory.type(column, table),
        existing_nullable=column.nullable,
        modify_server_default=_next_value(table, column, factory),
    )
    yield _set_owner(table, column, factory)


def _next_value(table: Table, column: Column, factory: SchemaItemFactory) -> sa.TextClause:
    name = factory.qualified(table.name._replace(name=_sequence_name(table, column)))
    return factory.text(f"nextval({literal(name)}::regclass)")


def _set_owner(table: Table, column: Column, factory: SchemaItemFactory) -> AlterSequenceOp:
    return AlterSequenceOp(
        _sequence_name(table, column),
        schema=factory.schema(table.name),
        owned_by=f"{factory.qualified_name(table.name)}.{column.name}",
    )


def _sequence_name(table: Table, column: Column) -> str:
    return column.sequence.name if column.sequence else f"{table.name.name}_{column.name}_seq"


def drop_column(table: Table, column: Column, factory: SchemaItemFactory) -> DropColumnOp:
    """DROP COLUMN."""
    return DropColumnOp.from_column_and_tablename(
        factory.schema(table.name), table.name.name, factory.column(column, table)
    )


def alter_column(
    table: Table, before: Column, after: Column, old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[MigrateOperation]:
    """The changes of one column, in an order that PostgreSQL accepts.

    Args:
        table: the table after the changes.
        before: the column before.
        after: the column after.
        old: makes items of the catalog before.
        new: makes items of the catalog after.
    """
    known: dict[str, Any] = {
        "schema": new.schema(table.name),
        "existing_type": old.type(before, table),
        "existing_nullable": before.nullable,
        "existing_comment": before.comment,
    }

    def alter(**changes: Any) -> AlterColumnOp:
        return AlterColumnOp(table.name.name, before.name, **{**known, **changes})

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
        # the sequence is at a value that the new one cannot have
        yield alter(existing_server_default=old.identity(before), modify_server_default=None)
        identity = None
    if default is not None and (cast or after.identity):
        # PostgreSQL cannot convert the old default, or allows none beside an identity
        yield alter(existing_server_default=old.default(before), modify_server_default=None)
        default = None
    changes: dict[str, Any] = {}
    if retyped:
        changes["modify_type"] = new.type(after, table)
        if cast:
            changes["postgresql_using"] = using_expression(before, after, new)
    if before.nullable != after.nullable:
        changes["modify_nullable"] = after.nullable
    if default != after.default or (retyped and after.default is not None):
        changes["existing_server_default"] = old.default(before) if default else None
        changes["modify_server_default"] = new.default(after)
    elif after.identity and (identity, _options(before)) != (after.identity, _options(after)):
        is_new = identity is None
        changes["existing_server_default"] = (
            False if is_new else old.identity(before, complete=True)
        )
        changes["modify_server_default"] = new.identity(after, complete=not is_new)
    if before.comment != after.comment:
        changes["modify_comment"] = after.comment
    if before.serial and after.serial and before.options != after.options:
        yield from _alter_sequence_of(before, after, old)
    if changes:
        yield alter(**changes)
    # a change of the type resets storage and compression
    stored = replace(before, storage=None, compression=None) if retyped else before
    yield from column_storage(table, stored, after, new)
    if after.serial and not before.serial:
        yield create_sequence_of(table, after, new)
        yield from attach_sequence(table, after, new)
    yield from set_sequence_value(table, before, after, old, new)


def _options(column: Column) -> SequenceOptions | None:
    """The options of an identity, without the type of its sequence, which follows the column's."""
    return None if column.options is None else replace(column.options, type="bigint")


def _must_restart(before: Column, after: Column) -> bool:
    old, new = before.options, after.options
    return old is not None and new is not None and must_restart(old, new)


def _alter_sequence_of(
    before: Column, after: Column, old: SchemaItemFactory
) -> Iterator[AlterSequenceOp]:
    if before.sequence is not None and before.options and after.options:
        yield alter_sequence(before.sequence, before.options, after.options, old)
