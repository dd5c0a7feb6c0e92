"""Splits models with many tables into batches that are built one after the other.

A transaction locks everything that it creates, and all sessions of a server share one lock table: models that
fill it would make other sessions fail. So a batch takes only a part of it, and is rolled back before the next
one. Each batch has all types and sequences, some of the tables, and the tables that their foreign keys refer
to. What is printed for a table is then the same, unless a name depends on other tables. Such models are
detected, and built in one piece.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from asyncmig.catalog.reading import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.catalog.model_statement import ModelStatement
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.catalog.reading import CatalogRows

__all__ = ["merge", "select", "split"]

_DEFAULT_NAME = re.compile(r"_(?:fkey|check)\d*$")
"""The end of default names of constraints, which PostgreSQL makes unique within the schema."""


def split(statements: Sequence[ModelStatement], max_locks: int) -> list[frozenset[ObjectName]]:
    """Return the tables of each batch.

    Args:
        statements: the statements of the models; those of a table are in one batch.
        max_locks: the number of locks of a batch; a table that needs more is a batch by itself.
    """
    locks: dict[ObjectName, int] = defaultdict(int)
    needs: dict[ObjectName, set[ObjectName]] = defaultdict(set)
    for item in statements:
        if item.table is not None:
            locks[item.table] += item.locks
            needs[item.table].update(item.leads_to)
    batches: list[frozenset[ObjectName]] = []
    own: set[ObjectName] = set()
    inside: set[ObjectName] = set()
    taken = 0
    for table in locks:
        more = {table, *needs[table]} - inside
        if own and taken + sum(locks.get(name, 0) for name in more) > max_locks:
            batches.append(frozenset(own))
            own, inside, taken = set(), set(), 0
            more = {table, *needs[table]}
        own.add(table)
        inside |= more
        taken += sum(locks.get(name, 0) for name in more)
    return [*batches, frozenset(own)]


def select(
    statements: Sequence[ModelStatement], own: frozenset[ObjectName]
) -> list[ModelStatement]:
    """The statements of a batch: those of its tables, and of referenced tables all except foreign keys."""
    near = {name for item in statements if item.table in own for name in item.leads_to}
    return [
        item
        for item in statements
        if item.table is None or item.table in own or (item.table in near and not item.leads_to)
    ]


def merge(parts: Sequence[tuple[frozenset[ObjectName], CatalogRows]]) -> CatalogRows | None:
    """Merge the rows of all batches, as if they had been built in one piece.

    Args:
        parts: for each batch its tables and its rows.

    Returns:
        None if a name would be different in one piece.
    """
    rows = [row for row in parts[0][1] if row[1] is None]
    apart = {text for _, found in parts for kind, table, text in found if _is_loose(kind, table)}
    if len(apart) > 1:
        return None
    owners: dict[tuple[str, str], tuple[str, str, str]] = {}
    for own, found in parts:
        kept = {
            table
            for kind, table, text in found
            if kind == "tables" and any(_place(row) in own for row in rows_of(kind, text))
        }
        rows += [row for row in found if row[1] in kept]
        for kind, _, text in found:
            for row in rows_of(kind, text) if kind == "sequences" else ():
                if owners.setdefault(_place(row), _owner(row)) != _owner(row):
                    return None
    names = [("relation", *place) for place in owners] + _names(rows)
    return rows if len(set(names)) == len(names) else None


def _is_loose(kind: str, table: int | None) -> bool:
    return kind == "sequences" and table is None


def _names(rows: CatalogRows) -> list[tuple[str, str, str]]:
    """The names that must be unique within a schema, or would be made unique by the server."""
    tables = {
        table: _place(row)
        for kind, table, text in rows
        if kind == "tables"
        for row in rows_of(kind, text)
    }
    names = [("relation", *place) for place in tables.values()]
    for kind, table, text in rows:
        if kind not in {"indexes", "constraints"}:
            continue
        schema = tables[table][0]
        for row in rows_of(kind, text):
            if kind == "indexes" or row["kind"] in {"p", "u", "x"}:
                names.append(("relation", schema, row["name"]))
            elif _DEFAULT_NAME.search(row["name"]):
                names.append(("constraint", schema, row["name"]))
    return names


def _owner(row: Any) -> tuple[str, str, str]:
    return row["table_schema"], row["table_name"], row["column"]


def _place(row: Any) -> tuple[str, str]:
    return row["schema"], row["name"]
