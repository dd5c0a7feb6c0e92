"""Enum types: labels are added in place, or a new type replaces the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.casts import using_expression
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import Catalog, Column, Enum, Table
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "add_labels",
    "create_enum",
    "drop_enum",
    "drop_replaced",
    "only_adds_labels",
    "replace_enum",
]


def only_adds_labels(before: Enum, after: Enum) -> bool:
    """True if the new type has all old labels in the same order."""
    rest = iter(after.labels)
    return all(label in rest for label in before.labels)


def create_enum(enum: Enum, factory: SchemaItemFactory) -> CreateEnumOp:
    """CREATE TYPE."""
    return CreateEnumOp(enum.name.name, list(enum.labels), schema=factory.schema(enum.name))


def drop_enum(enum: Enum, factory: SchemaItemFactory) -> DropEnumOp:
    """DROP TYPE."""
    return DropEnumOp(enum.name.name, schema=factory.schema(enum.name), values=list(enum.labels))


def add_labels(before: Enum, after: Enum, factory: SchemaItemFactory) -> Iterator[AddEnumValueOp]:
    """ADD VALUE for each new label, at its position."""
    schema = factory.schema(after.name)
    there = set(before.labels)
    for place, label in enumerate(after.labels):
        if label in there:
            continue
        following = next((later for later in after.labels[place + 1 :] if later in there), None)
        yield AddEnumValueOp(after.name.name, label, schema=schema, before=following)
        # the next label is added after this one, before the same label


def replace_enum(
    before: Enum, after: Enum, old: SchemaItemFactory, new: SchemaItemFactory, temporary_name: str
) -> Iterator[MigrateOperation]:
    """Rename the old type to ``temporary_name``, create the new one, and convert the columns."""
    schema = new.schema(after.name)
    yield RenameEnumOp(before.name.name, temporary_name, schema=schema)
    yield create_enum(after, new)
    for table, column, wanted in _users(before, old.catalog, new.catalog):
        place = old.schema(table.name)
        if column.default is not None:
            yield AlterColumnOp(
                table.name.name, column.name, schema=place, modify_server_default=None
            )
        yield AlterColumnOp(
            table.name.name,
            column.name,
            schema=place,
            existing_type=old.type(column, table),
            existing_nullable=column.nullable,
            existing_server_default=old.default(column),
            modify_type=new.type(wanted, table),
            modify_server_default=new.default(wanted) if wanted.default is not None else False,
            postgresql_using=using_expression(column, wanted, new),
        )


def drop_replaced(before: Enum, old: SchemaItemFactory, temporary_name: str) -> DropEnumOp:
    """DROP TYPE of the old type, which nothing uses any more."""
    return DropEnumOp(temporary_name, schema=old.schema(before.name), values=list(before.labels))


def _users(enum: Enum, before: Catalog, after: Catalog) -> Iterator[tuple[Table, Column, Column]]:
    for name, table in before.tables.items():
        wanted = after.tables.get(name)
        for column in table.columns.values():
            there = None if wanted is None else wanted.columns.get(column.name)
            if there is None or there.generated is not None:
                continue  # a generated column is dropped and added again
            if column.type.name == enum.name == there.type.name:
                yield table, column, there
