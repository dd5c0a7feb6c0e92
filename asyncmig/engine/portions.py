"""Models of more tables than a transaction has room for, divided into portions that are built one by one.

Whatever a transaction creates it locks, and one table of locks serves all sessions of a server: models
that fill it would make others fail. So a portion takes no more than a share of it, and is rolled back
before the next. Each has all types and sequences, some of the tables, and whole what their foreign keys
lead to; what is printed for a table is the same then, unless a name depends on tables elsewhere. That is
looked for, and such models are built in one piece.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.catalog.model import ObjectName
    from asyncmig.catalog.models import ModelStatement
    from asyncmig.catalog.reading import CatalogRows

__all__ = ["divided", "joined", "of_portion"]

_MADE_BY_SERVER = re.compile(r"_(?:fkey|check)\d*$")
"""How PostgreSQL ends the names of constraints; it makes them unlike any in their schema."""


def divided(statements: Sequence[ModelStatement], room: int) -> list[frozenset[ObjectName]]:
    """The tables of each portion.

    Args:
        statements: of the models; those of a table are in no portion but its own.
        room: how many locks one may take; a table that takes more is a portion by itself.
    """
    locks: dict[ObjectName, int] = defaultdict(int)
    needs: dict[ObjectName, set[ObjectName]] = defaultdict(set)
    for item in statements:
        if item.table is not None:
            locks[item.table] += item.locks
            needs[item.table].update(item.leads_to)
    portions: list[frozenset[ObjectName]] = []
    own: set[ObjectName] = set()
    inside: set[ObjectName] = set()
    taken = 0
    for table in locks:
        more = {table, *needs[table]} - inside
        if own and taken + sum(locks[name] for name in more) > room:
            portions.append(frozenset(own))
            own, inside, taken = set(), set(), 0
            more = {table, *needs[table]}
        own.add(table)
        inside |= more
        taken += sum(locks[name] for name in more)
    return [*portions, frozenset(own)]


def of_portion(
    statements: Sequence[ModelStatement], own: frozenset[ObjectName]
) -> list[ModelStatement]:
    """What to build for these tables: all of theirs, and of what they lead to all but its foreign keys."""
    near = {name for item in statements if item.table in own for name in item.leads_to}
    return [
        item
        for item in statements
        if item.table is None or item.table in own or (item.table in near and not item.leads_to)
    ]


def joined(parts: Sequence[tuple[frozenset[tuple[str, str]], CatalogRows]]) -> CatalogRows | None:
    """The rows of all portions, as if they had been built in one piece.

    Args:
        parts: of each portion the tables that are its own, by schema and name, and its rows.

    Returns:
        None where a name would be another one if all were built together.
    """
    first = parts[0][1]
    rows: dict[str, Any] = {name: first[name] for name in ("schemas", "enums", "domains")}
    tables: list[Any] = []
    within: dict[str, list[Any]] = {"columns": [], "constraints": [], "indexes": []}
    sequences: dict[tuple[str, str], Any] = {}
    places: dict[int, tuple[str, str]] = {}
    for own, found in parts:
        kept = {row["oid"]: _place(row) for row in found["tables"] if _place(row) in own}
        tables += [row for row in found["tables"] if row["oid"] in kept]
        places |= kept
        for kind, together in within.items():
            together += [row for row in found[kind] if row["table"] in kept]
        for row in found["sequences"]:
            if _owner(sequences.setdefault(_place(row), row)) != _owner(row):
                return None
    names = _names(places, within, sequences)
    if len(set(names)) < len(names):
        return None
    by_place = {"tables": sorted(tables, key=_place)}
    return rows | by_place | within | {"sequences": [sequences[name] for name in sorted(sequences)]}


def _names(
    places: dict[int, tuple[str, str]],
    within: dict[str, list[Any]],
    sequences: Iterable[tuple[str, str]],
) -> list[tuple[str, str, str]]:
    """The names that must differ within a schema, or would if the server had made them together."""
    names = [("relation", *place) for place in (*places.values(), *sequences)]
    names += [("relation", places[row["table"]][0], row["name"]) for row in within["indexes"]]
    for row in within["constraints"]:
        schema = places[row["table"]][0]
        if row["kind"] in {"p", "u", "x"}:
            names.append(("relation", schema, row["name"]))
        elif _MADE_BY_SERVER.search(row["name"]):
            names.append(("constraint", schema, row["name"]))
    return names


def _owner(row: Any) -> tuple[Any, ...]:
    return row["table_schema"], row["table_name"], row["column"]


def _place(row: Any) -> tuple[str, str]:
    return row["schema"], row["name"]
