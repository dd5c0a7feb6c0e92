"""Objects in an order in which they can be created: each after those that it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Table
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["creation_order", "topological_order"]

T = TypeVar("T")


def topological_order(items: Iterable[T], dependencies: Callable[[T], Iterable[T]]) -> list[T]:
    """Return the items and their dependencies, each after its dependencies.

    A cycle begins with the item of it that comes first. The search is not recursive, because chains can be
    longer than Python's stack.

    Args:
        items: in the order to keep where dependencies allow it.
        dependencies: the direct dependencies of an item.
    """
    ordered: list[T] = []
    visited: set[T] = set()
    for first in items:
        if first in visited:
            continue
        visited.add(first)
        stack: list[tuple[T, Iterator[T]]] = [(first, iter(dependencies(first)))]
        while stack:
            item, rest = stack[-1]
            below = next((other for other in rest if other not in visited), None)
            if below is None:
                stack.pop()
                ordered.append(item)
            else:
                visited.add(below)
                stack.append((below, iter(dependencies(below))))
    return ordered


def creation_order(tables: Mapping[ObjectName, Table]) -> list[Table]:
    """Tables after their parents and the tables that their foreign keys refer to, otherwise by name."""

    def dependencies(name: ObjectName) -> list[ObjectName]:
        table = tables[name]
        keys = [item.reference for item in table.constraints.values()]
        targets = {*table.inherits, *(key.table for key in keys if key is not None)}
        return sorted(targets & tables.keys())

    return [tables[name] for name in topological_order(sorted(tables), dependencies)]
