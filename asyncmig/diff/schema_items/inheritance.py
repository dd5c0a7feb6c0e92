"""Which tables inherit from which, and how a column or a change passes from parents to children."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.topological_order import topological_order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from asyncmig.catalog.model import Catalog, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.rename import Rename

__all__ = [
    "defining_table",
    "detached_children",
    "kept_parents",
    "parents_first",
    "with_inherited_columns",
]


def defining_table(catalog: Catalog, table: ObjectName, column: str) -> ObjectName:
    """The topmost table that a table inherits a column from; itself if no parent has the column."""
    found, passed = table, {table}
    while True:
        parents = catalog.tables[found].inherits if found in catalog.tables else ()
        above = (
            parent
            for parent in parents
            if parent in catalog.tables and column in catalog.tables[parent].columns
        )
        parent = next(above, found)
        if parent in passed:
            return found
        found = parent
        passed.add(found)


def with_inherited_columns(item: Rename, catalog: Catalog) -> list[Rename]:
    """A rename; if it renames a column, followed by the renames of the column in all inheriting tables."""
    if item.kind != "column":
        return [item]
    return [
        item,
        *(
            replace(item, schema=name.schema, parent=name.name, inherited=True)
            for name in _heirs(catalog, item.place, item.old)
        ),
    ]


def _heirs(catalog: Catalog, table: ObjectName, column: str) -> list[ObjectName]:
    """The tables that inherit a column from this one, directly or not."""
    found = [table]
    for name in found:
        found += [
            child
            for child, other in catalog.tables.items()
            if name in other.inherits and column in other.columns and child not in found
        ]
    return found[1:]


def parents_first(
    tables: Mapping[ObjectName, tuple[Table, Table]],
) -> dict[ObjectName, tuple[Table, Table]]:
    """Order tables after those that they inherit from, before or after; otherwise keep their order."""

    def parents(name: ObjectName) -> list[ObjectName]:
        old, new = tables[name]
        return [parent for parent in (*old.inherits, *new.inherits) if parent in tables]

    if not any(old.inherits or new.inherits for old, new in tables.values()):
        return dict(tables)
    return {name: tables[name] for name in topological_order(tables, parents)}


def detached_children(
    tables: Mapping[ObjectName, tuple[Table, Table]], replaced: Collection[ObjectName]
) -> set[tuple[ObjectName, ObjectName]]:
    """Pairs of a child and its parent that are detached, changed separately, and attached again.

    When a column changes its type, PostgreSQL 18 gives the NOT NULL constraint of the child the name of its
    parent's, and fails if the child has one of its own.

    Args:
        tables: before and after.
        replaced: types that are replaced under their name.
    """
    return {
        (name, parent)
        for name, (old, new) in tables.items()
        for parent in old.inherits
        if parent in new.inherits
        and parent in tables
        and _keeps_own_checks(old, new, *tables[parent])
        and any(
            column.local and _is_retyped(*tables[parent], key, replaced)
            for key, column in old.columns.items()
        )
    }


def _keeps_own_checks(old: Table, new: Table, before: Table, after: Table) -> bool:
    """True unless a CHECK that only the parent defines changes: a detached child would keep the old one."""
    return all(
        name in old.constraints
        or (name in after.constraints and after.constraints[name].definition == item.definition)
        for name, item in before.constraints.items()
        if item.kind == "c"
    ) and all(
        name in before.constraints or name in new.constraints
        for name, item in after.constraints.items()
        if item.kind == "c"
    )


def _is_retyped(before: Table, after: Table, column: str, replaced: Collection[ObjectName]) -> bool:
    """True when a column changes its type, and is NOT NULL before or after."""
    old, new = before.columns.get(column), after.columns.get(column)
    if old is None or new is None or (old.nullable and new.nullable):
        return False
    return (old.type, old.collation) != (new.type, new.collation) or new.type.name in replaced


def kept_parents(
    tables: Mapping[ObjectName, tuple[Table, Table]],
    detached: Collection[tuple[ObjectName, ObjectName]],
) -> dict[ObjectName, tuple[ObjectName, ...]]:
    """By table, the parents that it has before, after, and while the changes run."""
    found = {
        name: tuple(
            parent
            for parent in old.inherits
            if parent in new.inherits and parent in tables and (name, parent) not in detached
        )
        for name, (old, new) in tables.items()
        if old.inherits
    }
    return {name: parents for name, parents in found.items() if parents}
