"""setval() for sequences that are created again for columns with values: they continue after these values.

A new sequence begins with its START value, with which the next INSERT into a table with rows would fail. If
the table is empty, or no value is within the limits of the sequence, it begins with START. The increment is
kept: after 7, a sequence that counts 1, 3, 5 returns 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.printed_sql import printed
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.diff.types.sequences import must_restart
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import Catalog, Column, Domain, Sequence, SequenceOptions, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.directives.execute import ExecuteSQLOp

__all__ = ["set_sequence_value", "set_value_after_restart"]

_BITS = {"smallint": 15, "integer": 31, "bigint": 63}


def set_sequence_value(
    table: Table, before: Column, after: Column, old: SchemaItemFactory, new: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """setval() for a changed column that has another sequence than before.

    Args:
        table: the table after the changes.
        before: the column before.
        after: the column after.
        old: makes items of the catalog before.
        new: makes items of the catalog after.
    """
    if after.options is None:
        sequence = _default_sequence(after, new.catalog)
        if sequence is not None and _is_new(sequence, old.catalog):
            yield from _set_shared(table, after, sequence, new)
        return
    start = str(after.options.start)
    if after.identity is not None:
        if before.identity is None or _restarts(before.options, after.options):
            # PostgreSQL chooses the name of the sequence
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
    """setval() for a sequence that was restarted, for each column that keeps using it."""
    for name, table in old.catalog.tables.items():
        wanted = new.catalog.tables.get(name)
        for column in table.columns.values():
            after = None if wanted is None else wanted.columns.get(column.name)
            if after is None or column.default != after.default:
                continue
            if _default_sequence(after, new.catalog) == sequence:
                yield from _set_shared(table, column, sequence, new)


def _set_shared(
    table: Table, column: Column, sequence: Sequence, factory: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """setval() for a sequence that other columns may use too: it is never set to a lower value."""
    name = factory.qualified(sequence.name)
    reached = f"(SELECT last_value FROM {name})"
    yield from _set(table, column, literal(name), sequence.options, reached, factory)


def _set(
    table: Table,
    column: Column,
    sequence: str,
    options: SequenceOptions,
    bound: str,
    factory: SchemaItemFactory,
) -> Iterator[ExecuteSQLOp]:
    type_ = _number(column, factory.catalog)
    if type_ is None:
        return
    name = factory.quote(column.name)
    upwards = options.increment > 0
    value = f"max({name})" if upwards else f"min({name})"
    bounds = [f"{name} {'>=' if upwards else '<='} {bound}"]
    if upwards and options.maximum < _limits(type_)[1]:
        bounds.append(f"{name} <= {options.maximum}")
    elif not upwards and options.minimum > _limits(type_)[0]:
        bounds.append(f"{name} >= {options.minimum}")
    if abs(options.increment) > 1:
        origin = f"+ {-options.start}" if options.start < 0 else f"- {options.start}"
        value = f"{value} - ({value} {origin}) % {abs(options.increment)}"
    if type_ not in _BITS:
        value = f"({value})::bigint"
    yield raw_sql(
        f"SELECT setval({sequence}, {value}) FROM {factory.qualified(table.name)} "
        f"WHERE {' AND '.join(bounds)}"
    )


def _limits(type_: str) -> tuple[float, float]:
    bits = _BITS.get(type_)
    return (float("-inf"), float("inf")) if bits is None else (-(2**bits), 2**bits - 1)


def _number(column: Column, catalog: Catalog) -> str | None:
    """The type of a column, or the base type of its domain; None if a sequence cannot number it."""
    type_ = column.type.text
    while (domain := _domain(type_, catalog)) is not None:
        type_ = domain.type
    return type_ if type_ in _BITS or type_.partition("(")[0] == "numeric" else None


def _domain(type_: str, catalog: Catalog) -> Domain | None:
    return next((item for name, item in catalog.domains.items() if _printed(name) == type_), None)


def _default_sequence(column: Column, catalog: Catalog) -> Sequence | None:
    """The sequence of a default with nextval()."""
    default = column.default
    if default is None or not default.startswith("nextval('"):
        return None
    spelled = default.removeprefix("nextval('").removesuffix("'::regclass)").replace("''", "'")
    found = (item for item in catalog.sequences.values() if _printed(item.name) == spelled)
    return next(found, None)


def _printed(name: ObjectName) -> str:
    return f"{printed(name.schema)}.{printed(name.name)}"


def _is_new(sequence: Sequence, catalog: Catalog) -> bool:
    """True if the sequence is created, or restarted."""
    existing = catalog.sequences.get(sequence.name)
    return existing is None or must_restart(existing.options, sequence.options)


def _restarts(before: SequenceOptions | None, after: SequenceOptions) -> bool:
    return before is not None and must_restart(before, after)
