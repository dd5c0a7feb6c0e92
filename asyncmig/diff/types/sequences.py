"""Sequences that are not part of a column, and the options of all sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.operations.directives.sequences import (
    AlterSequenceOp,
    CreateSequenceOp,
    DropSequenceOp,
    SequenceOptions,
)

if TYPE_CHECKING:
    from asyncmig.catalog.model import Sequence
    from asyncmig.catalog.model import SequenceOptions as Options
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

__all__ = [
    "alter_sequence",
    "create_options",
    "create_sequence",
    "drop_sequence",
    "must_restart",
    "set_owner",
]

_TYPES: dict[str, Any] = {
    "smallint": sa.SmallInteger,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
}


def create_options(options: Options) -> dict[str, Any]:
    """The options of ``create_sequence`` that differ from PostgreSQL's defaults."""
    found: dict[str, Any] = options.changed_options
    if options.type != "bigint":
        found["data_type"] = _TYPES[options.type]()
    return found


def create_sequence(sequence: Sequence, factory: SchemaItemFactory) -> CreateSequenceOp:
    """CREATE SEQUENCE; ``set_owner`` follows when the table exists."""
    return CreateSequenceOp(
        sequence.name.name,
        schema=factory.schema(sequence.name),
        **create_options(sequence.options),
    )


def drop_sequence(sequence: Sequence, factory: SchemaItemFactory) -> DropSequenceOp:
    """DROP SEQUENCE."""
    return DropSequenceOp(
        sequence.name.name,
        schema=factory.schema(sequence.name),
        original=create_sequence(sequence, factory),
    )


def set_owner(sequence: Sequence, factory: SchemaItemFactory) -> AlterSequenceOp:
    """ALTER SEQUENCE ... OWNED BY."""
    owner: Any = False
    if sequence.owned_by is not None:
        table, column = sequence.owned_by
        owner = f"{factory.qualified_name(table)}.{column}"
    return AlterSequenceOp(sequence.name.name, schema=factory.schema(sequence.name), owned_by=owner)


def alter_sequence(
    name: ObjectName, before: Options, after: Options, factory: SchemaItemFactory
) -> AlterSequenceOp:
    """ALTER SEQUENCE with the options that differ."""
    old, new = before.by_keyword, after.by_keyword
    changed: dict[str, Any] = {key: value for key, value in new.items() if old[key] != value}
    existing: dict[str, Any] = {key: old[key] for key in changed}
    if before.type != after.type:
        changed["data_type"], existing["data_type"] = _TYPES[after.type](), _TYPES[before.type]()
    if must_restart(before, after):
        changed["restart"] = True
    return AlterSequenceOp(
        name.name,
        schema=factory.schema(name),
        existing=SequenceOptions(**existing),
        **changed,
    )


def must_restart(before: Options, after: Options) -> bool:
    """True when the START of the old sequence is outside the new limits, which PostgreSQL rejects.

    This is the case when a sequence changes its direction.
    """
    return not after.minimum <= before.start <= after.maximum
