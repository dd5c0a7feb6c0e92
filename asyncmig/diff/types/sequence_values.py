"""Counters that are made anew under columns with rows: they go on behind the values that are there.

A new sequence begins with its START, and with the primary key of a table that has rows the next INSERT
would fail. What a table that is empty, or has no value within the counter's limits, gets is its START. An
increment keeps its steps: behind 7, one that counts 1, 3, 5 gives 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.entities.kinds.kind import literal, raw
from asyncmig.diff.schema_items.printed_sql import printed
from asyncmig.diff.types.sequences import must_restart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import (
        Catalog,
        Column,
        Domain,
        ObjectName,
        Sequence,
        SequenceOptions,
        Table,
    )
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.directives.execute import ExecuteSQLOp

__all__ = ["set_sequence_value", "set_value_after_restart"]

_BITS = {"smallint": 15, "integer": 31, "bigint": 63}


def set_sequence_value(
    table: Table, before: Column, after: Column, old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """What an altered column needs where another counter counts for it than before.

    Args:
        table: as it will be.
        before: the column as it was.
        after: as it is by then.
        old: makes items of the catalog as it is.
        new: of the catalog as it will be.
    """
    if after.options is None:
        sequence = _default_sequence(after, new.catalog)
        if sequence is not None and _is_new(sequence, old.catalog):
            yield from _behind_others(table, after, sequence, new)
        return
    start = str(after.options.start)
    if after.identity is not None:
        if before.identity is None or _restarts(before.options, after.options):
            # how the server calls its sequence is not known
            place = f"{literal(new.qualified(table.name))}, {literal(after.name)}"
            counter = f"pg_get_serial_sequence({place})"
            yield from _set(table, after, counter, after.options, start, new)
    elif not before.serial or _restarts(before.options, after.options):
        name = before.sequence if before.serial else after.sequence
        if name is not None:
            counter = literal(new.qualified(name))
            yield from _set(table, after, counter, after.options, start, new)


def set_value_after_restart(
    sequence: Sequence, old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """What a sequence that starts again needs, for the columns that it counts for and goes on to."""
    for name, table in old.catalog.tables.items():
        there = new.catalog.tables.get(name)
        for column in table.columns.values():
            after = None if there is None else there.columns.get(column.name)
            if after is None or column.default != after.default:
                continue
            if _default_sequence(after, new.catalog) == sequence:
                yield from _behind_others(table, column, sequence, new)


def _behind_others(
    table: Table, column: Column, sequence: Sequence, objects: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """Of a sequence that other columns may count with, too: it is never set back."""
    name = objects.qualified(sequence.name)
    reached = f"(SELECT last_value FROM {name})"
    yield from _set(table, column, literal(name), sequence.options, reached, objects)


def _set(
    table: Table,
    column: Column,
    counter: str,
    options: SequenceOptions,
    begin: str,
    objects: SchemaItemFactory,
) -> Iterator[ExecuteSQLOp]:
    type_ = _number(column, objects.catalog)
    if type_ is None:
        return
    name = objects.quote(column.name)
    upwards = options.increment > 0
    value = f"max({name})" if upwards else f"min({name})"
    bounds = [f"{name} {'>=' if upwards else '<='} {begin}"]
    if upwards and options.maximum < _limits(type_)[1]:
        bounds.append(f"{name} <= {options.maximum}")
    elif not upwards and options.minimum > _limits(type_)[0]:
        bounds.append(f"{name} >= {options.minimum}")
    if abs(options.increment) > 1:
        origin = f"+ {-options.start}" if options.start < 0 else f"- {options.start}"
        value = f"{value} - ({value} {origin}) % {abs(options.increment)}"
    if type_ not in _BITS:
        value = f"({value})::bigint"
    yield raw(
        f"SELECT setval({counter}, {value}) FROM {objects.qualified(table.name)} "
        f"WHERE {' AND '.join(bounds)}"
    )


def _limits(type_: str) -> tuple[float, float]:
    bits = _BITS.get(type_)
    return (float("-inf"), float("inf")) if bits is None else (-(2**bits), 2**bits - 1)


def _number(column: Column, catalog: Catalog) -> str | None:
    """Its type, or what a domain is made of; None for one whose values are no numbers of a sequence."""
    type_ = column.type.text
    while (domain := _domain(type_, catalog)) is not None:
        type_ = domain.type
    return type_ if type_ in _BITS or type_.partition("(")[0] == "numeric" else None


def _domain(type_: str, catalog: Catalog) -> Domain | None:
    return next((item for name, item in catalog.domains.items() if _printed(name) == type_), None)


def _default_sequence(column: Column, catalog: Catalog) -> Sequence | None:
    """The sequence whose next value is the default."""
    default = column.default
    if default is None or not default.startswith("nextval('"):
        return None
    spelled = default.removeprefix("nextval('").removesuffix("'::regclass)").replace("''", "'")
    found = (item for item in catalog.sequences.values() if _printed(item.name) == spelled)
    return next(found, None)


def _printed(name: ObjectName) -> str:
    return f"{printed(name.schema)}.{printed(name.name)}"


def _is_new(sequence: Sequence, catalog: Catalog) -> bool:
    """It is created, or starts again."""
    there = catalog.sequences.get(sequence.name)
    return there is None or must_restart(there.options, sequence.options)


def _restarts(before: SequenceOptions | None, after: SequenceOptions) -> bool:
    return before is not None and must_restart(before, after)
