"""The order in which tables can be created, and, backwards, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.catalog.model import ObjectName, Table

__all__ = ["creation_order"]


def creation_order(tables: Mapping[ObjectName, Table]) -> list[Table]:
    """Tables after their parents and those that their foreign keys point to; cycles are entered by name."""
    ordered: dict[ObjectName, Table] = {}
    for name in sorted(tables):
        _visit(name, tables, ordered)
    return list(ordered.values())


def _visit(
    first: ObjectName, tables: Mapping[ObjectName, Table], ordered: dict[ObjectName, Table]
) -> None:
    # not recursive: chains of foreign keys may be longer than Python's stack
    open_: set[ObjectName] = set()
    stack: list[tuple[ObjectName, Iterable[ObjectName]]] = []

    def enter(name: ObjectName) -> None:
        open_.add(name)
        stack.append((name, iter(_referents(tables[name]))))

    if first not in ordered:
        enter(first)
    while stack:
        name, rest = stack[-1]
        for referent in rest:
            if referent in tables and referent not in ordered and referent not in open_:
                enter(referent)
                break
        else:
            stack.pop()
            ordered[name] = tables[name]


def _referents(table: Table) -> list[ObjectName]:
    keys = [item.reference for item in table.constraints.values()]
    return sorted({*table.inherits, *(key.table for key in keys if key is not None)})
