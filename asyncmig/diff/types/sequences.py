"""Sequences that stand for themselves."""

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
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

__all__ = ["alteration", "create_sequence", "drop_sequence", "must_restart", "owned_by", "said"]

_TYPES: dict[str, Any] = {
    "smallint": sa.SmallInteger,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
}


def said(options: Options) -> dict[str, Any]:
    """The options that are not the default."""
    low, high = options.default_limits
    upwards = options.increment > 0
    values: dict[str, tuple[Any, Any]] = {
        "start": (options.start, options.minimum if upwards else options.maximum),
        "increment": (options.increment, 1),
        "minvalue": (options.minimum, low),
        "maxvalue": (options.maximum, high),
        "cache": (options.cache, 1),
        "cycle": (options.cycle, False),
    }
    found = {name: value for name, (value, usual) in values.items() if value != usual}
    if options.type != "bigint":
        found["data_type"] = _TYPES[options.type]()
    return found


def create_sequence(sequence: Sequence, objects: SchemaItemFactory) -> CreateSequenceOp:
    """CREATE SEQUENCE; its owner follows when its table is there."""
    return CreateSequenceOp(
        sequence.name.name, schema=objects.schema(sequence.name), **said(sequence.options)
    )


def drop_sequence(sequence: Sequence, objects: SchemaItemFactory) -> DropSequenceOp:
    """DROP SEQUENCE."""
    return DropSequenceOp(
        sequence.name.name,
        schema=objects.schema(sequence.name),
        original=create_sequence(sequence, objects),
    )


def owned_by(sequence: Sequence, objects: SchemaItemFactory) -> AlterSequenceOp:
    """ALTER SEQUENCE ... OWNED BY."""
    owner: Any = False
    if sequence.owned_by is not None:
        table, column = sequence.owned_by
        owner = f"{objects.qualified_name(table)}.{column}"
    return AlterSequenceOp(sequence.name.name, schema=objects.schema(sequence.name), owned_by=owner)


def alteration(name: str, schema: str | None, before: Options, after: Options) -> AlterSequenceOp:
    """ALTER SEQUENCE with what differs."""
    pairs = {
        "start": (before.start, after.start),
        "increment": (before.increment, after.increment),
        "minvalue": (before.minimum, after.minimum),
        "maxvalue": (before.maximum, after.maximum),
        "cache": (before.cache, after.cache),
        "cycle": (before.cycle, after.cycle),
    }
    changed: dict[str, Any] = {name: new for name, (old, new) in pairs.items() if old != new}
    existing: dict[str, Any] = {name: old for name, (old, new) in pairs.items() if old != new}
    if before.type != after.type:
        changed["data_type"], existing["data_type"] = _TYPES[after.type](), _TYPES[before.type]()
    if must_restart(before, after):
        changed["restart"] = True
    return AlterSequenceOp(name, schema=schema, existing=SequenceOptions(**existing), **changed)


def must_restart(before: Options, after: Options) -> bool:
    """True when a sequence that starts where the old one did is outside the new limits.

    PostgreSQL refuses such limits. It is so when a sequence turns to count downwards.
    """
    return not after.minimum <= before.start <= after.maximum
