"""Enum types: labels are added in place, or a new type replaces the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.casts import convert_columns, using_expression
from asyncmig.operations.directives.enums import (
    AddEnumValueOp,
    CreateEnumOp,
    DropEnumOp,
    RenameEnumOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import Enum
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
    existing = set(before.labels)
    for place, label in enumerate(after.labels):
        if label in existing:
            continue
        following = next((later for later in after.labels[place + 1 :] if later in existing), None)
        yield AddEnumValueOp(after.name.name, label, schema=schema, before=following)
        # the next label is added after this one, before the same label


def replace_enum(
    before: Enum, after: Enum, old: SchemaItemFactory, new: SchemaItemFactory, temporary_name: str
) -> Iterator[MigrateOperation]:
    """Rename the old type to ``temporary_name``, create the new one, and convert the columns."""
    schema = new.schema(after.name)
    yield RenameEnumOp(before.name.name, temporary_name, schema=schema)
    yield create_enum(after, new)
    yield from convert_columns(
        {before.name}, old, new, lambda column, wanted: using_expression(column, wanted, new)
    )


def drop_replaced(before: Enum, old: SchemaItemFactory, temporary_name: str) -> DropEnumOp:
    """DROP TYPE of the old type, which nothing uses any more."""
    return DropEnumOp(temporary_name, schema=old.schema(before.name), values=list(before.labels))
