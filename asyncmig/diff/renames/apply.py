"""A catalog after a rename, with everything that the server prints differently."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.rename import rename_entities
from asyncmig.diff.schema_items.printed_sql import (
    printed,
    with_column,
    with_key_columns,
    with_label,
    with_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.catalog.model import Catalog, Column, Constraint, Domain, Index, Table
    from asyncmig.diff.schema_items.rename import Rename

__all__ = ["apply_rename", "is_taken"]

T = TypeVar("T")


def apply_rename(catalog: Catalog, item: Rename) -> Catalog:
    """Return the catalog after a rename, as the server would print it."""
    catalog = replace(catalog, entities=rename_entities(catalog.entities, item))
    match item.kind:
        case "table":
            return _with_table(catalog, item)
        case "column":
            return _with_column(catalog, item)
        case "constraint":
            return _with_parts(
                catalog, item, constraint=lambda found: replace(found, name=item.new)
            )
        case "index":
            return _with_parts(catalog, item, index=lambda found: _index_named(found, item))
        case "enum":
            return _with_enum(catalog, item)
        case "enum_value":
            return _with_label(catalog, item)
        case "sequence":  # pragma: no branch - the last kind
            return _with_sequence(catalog, item)


def is_taken(catalog: Catalog, item: Rename) -> bool:
    """True if an object of the catalog has the new name already."""
    new = ObjectName(item.schema, item.new)
    table = catalog.tables.get(item.place)
    match item.kind:
        case "column":
            return table is not None and item.new in table.columns
        case "constraint":
            return table is not None and item.new in table.constraints
        case "enum_value":
            return item.new in catalog.enums[item.place].labels
        case "enum":
            return new in catalog.enums or new in catalog.domains
        case "table" | "index" | "sequence":  # pragma: no branch - the last kinds
            indexes = {
                ObjectName(name.schema, index)
                for name, found in catalog.tables.items()
                for index in found.indexes
            }
            return new in catalog.tables or new in catalog.sequences or new in indexes


def _names(item: Rename) -> tuple[ObjectName, ObjectName]:
    return ObjectName(item.schema, item.old), ObjectName(item.schema, item.new)


def _rekeyed(
    items: Mapping[ObjectName, T], old: ObjectName, new: ObjectName, change: Callable[[T], T]
) -> dict[ObjectName, T]:
    """The items in their order, with one of them changed and renamed."""
    return {
        (new if name == old else name): (change(found) if name == old else found)
        for name, found in items.items()
    }


# tables


def _with_table(catalog: Catalog, item: Rename) -> Catalog:
    old, new = _names(item)

    def moved(constraint: Constraint) -> Constraint:
        reference = constraint.reference
        if reference is None or reference.table != old:
            return constraint
        return replace(constraint, reference=replace(reference, table=new))

    catalog = _in_texts(catalog, lambda text: with_object(text, old, new))
    tables = {
        name: replace(
            table,
            constraints={key: moved(found) for key, found in table.constraints.items()},
            inherits=tuple(new if parent == old else parent for parent in table.inherits),
        )
        for name, table in catalog.tables.items()
    }
    sequences = {
        name: replace(found, owned_by=(new, found.owned_by[1]))
        if found.owned_by is not None and found.owned_by[0] == old
        else found
        for name, found in catalog.sequences.items()
    }
    return replace(
        catalog,
        tables=_rekeyed(tables, old, new, lambda table: replace(table, name=new)),
        sequences=sequences,
    )


# columns


def _with_column(catalog: Catalog, item: Rename) -> Catalog:
    place, old, new = item.place, item.old, item.new

    def other(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    def constraint(found: Constraint, *, own: bool) -> Constraint:
        reference = found.reference
        if reference is None:
            if not own:
                return found
            return replace(
                found,
                columns=other(found.columns),
                definition=with_column(found.definition, old, new),
                expression=_maybe(found.expression, lambda text: with_column(text, old, new)),
            )
        foreign = reference.table == place
        if not (own or foreign):
            return found
        return replace(
            found,
            columns=other(found.columns) if own else found.columns,
            reference=replace(reference, columns=other(reference.columns))
            if foreign
            else reference,
            definition=with_key_columns(found.definition, old, new, local=own, foreign=foreign),
        )

    def index(found: Index) -> Index:
        def text(sql: str) -> str:
            return with_column(sql, old, new)

        body = text(found.body)
        return replace(
            found,
            body=body,
            definition=found.definition.removesuffix(found.body) + body,
            keys=tuple(
                (new if key == old else key) if plain else text(key)
                for key, plain in zip(found.keys, found.plain_keys, strict=True)
            ),
            include=other(found.include),
            predicate=_maybe(found.predicate, text),
        )

    def column(found: Column) -> Column:
        return replace(
            found,
            name=new if found.name == old else found.name,
            generated=_maybe(found.generated, lambda text: with_column(text, old, new)),
        )

    def own_table(table: Table) -> Table:
        columns = [column(found) for found in table.columns.values()]
        return replace(
            table,
            columns={found.name: found for found in columns},
            indexes={name: index(found) for name, found in table.indexes.items()},
            partition_key=_maybe(table.partition_key, lambda text: with_column(text, old, new)),
        )

    tables = {}
    for name, table in catalog.tables.items():
        own = name == place
        tables[name] = replace(
            own_table(table) if own else table,
            constraints={
                key: constraint(found, own=own) for key, found in table.constraints.items()
            },
        )
    sequences = {
        name: replace(found, owned_by=(place, new)) if found.owned_by == (place, old) else found
        for name, found in catalog.sequences.items()
    }
    return replace(catalog, tables=tables, sequences=sequences)


# parts of one table


def _with_parts(
    catalog: Catalog,
    item: Rename,
    *,
    constraint: Callable[[Constraint], Constraint] | None = None,
    index: Callable[[Index], Index] | None = None,
) -> Catalog:
    """Change a constraint of its table, or an index of any table in the schema."""
    tables = dict(catalog.tables)
    for name, table in catalog.tables.items():
        if constraint is not None and name == item.place and item.old in table.constraints:
            found = [
                constraint(entry) if key == item.old else entry
                for key, entry in table.constraints.items()
            ]
            tables[name] = replace(table, constraints={entry.name: entry for entry in found})
        if index is not None and name.schema == item.schema and item.old in table.indexes:
            built = [
                index(entry) if key == item.old else entry for key, entry in table.indexes.items()
            ]
            tables[name] = replace(table, indexes={entry.name: entry for entry in built})
    return replace(catalog, tables=tables)


def _index_named(found: Index, item: Rename) -> Index:
    start, end = f"INDEX {printed(item.old)} ON ", f"INDEX {printed(item.new)} ON "
    return replace(found, name=item.new, definition=found.definition.replace(start, end, 1))


# types and sequences


def _with_enum(catalog: Catalog, item: Rename) -> Catalog:
    old, new = _names(item)

    def retyped(column: Column) -> Column:
        if column.type.name != old:
            return column
        type_ = replace(column.type, name=new, text=with_object(column.type.text, old, new))
        return replace(column, type=type_)

    catalog = _in_texts(catalog, lambda text: with_object(text, old, new))
    tables = {
        name: replace(table, columns={key: retyped(found) for key, found in table.columns.items()})
        for name, table in catalog.tables.items()
    }
    enums = _rekeyed(catalog.enums, old, new, lambda enum: replace(enum, name=new))
    return replace(catalog, tables=tables, enums=enums)


def _with_label(catalog: Catalog, item: Rename) -> Catalog:
    place = item.place
    catalog = _in_texts(catalog, lambda text: with_label(text, place, item.old, item.new))
    enum = catalog.enums[place]
    labels = tuple(item.new if label == item.old else label for label in enum.labels)
    return replace(catalog, enums={**catalog.enums, place: replace(enum, labels=labels)})


def _with_sequence(catalog: Catalog, item: Rename) -> Catalog:
    old, new = _names(item)

    def column(found: Column) -> Column:
        return replace(found, sequence=new) if found.sequence == old else found

    catalog = _in_texts(catalog, lambda text: with_object(text, old, new))
    tables = {
        name: replace(table, columns={key: column(found) for key, found in table.columns.items()})
        for name, table in catalog.tables.items()
    }
    sequences = _rekeyed(catalog.sequences, old, new, lambda found: replace(found, name=new))
    return replace(catalog, tables=tables, sequences=sequences)


# texts


def _maybe(text: str | None, change: Callable[[str], str]) -> str | None:
    return None if text is None else change(text)


def _in_texts(catalog: Catalog, text: Callable[[str], str]) -> Catalog:
    """Apply a change to all SQL in the catalog."""

    def column(found: Column) -> Column:
        return replace(
            found,
            default=_maybe(found.default, text),
            generated=_maybe(found.generated, text),
            owned_default=_maybe(found.owned_default, text),
        )

    def constraint(found: Constraint) -> Constraint:
        return replace(
            found,
            definition=text(found.definition),
            expression=_maybe(found.expression, text),
        )

    def index(found: Index) -> Index:
        return replace(
            found,
            definition=text(found.definition),
            body=text(found.body),
            keys=tuple(
                key if plain else text(key)
                for key, plain in zip(found.keys, found.plain_keys, strict=True)
            ),
            predicate=_maybe(found.predicate, text),
        )

    def domain(found: Domain) -> Domain:
        return replace(
            found,
            type=text(found.type),
            default=_maybe(found.default, text),
            checks=tuple((name, text(check)) for name, check in found.checks),
        )

    return replace(
        catalog,
        tables={
            name: replace(
                table,
                columns={key: column(found) for key, found in table.columns.items()},
                constraints={key: constraint(found) for key, found in table.constraints.items()},
                indexes={key: index(found) for key, found in table.indexes.items()},
                partition_key=_maybe(table.partition_key, text),
            )
            for name, table in catalog.tables.items()
        },
        domains={name: domain(found) for name, found in catalog.domains.items()},
    )
