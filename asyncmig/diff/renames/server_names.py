"""Names that the server makes: PostgreSQL leaves them as they are when a table or column is renamed.

A model that leaves the choice to the server would get others, so they are renamed along. What somebody
chose stays: only a name that is exactly what the server had made for the old table and column follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.matching import constraint_meaning, match
from asyncmig.diff.schema_items.printed_sql import included_in
from asyncmig.diff.schema_items.rename import Rename

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.catalog.model import Catalog, Constraint, ObjectName, Table

__all__ = ["default_name", "implied_renames", "is_default_name"]

_LIMIT = 63
_LABELS = {"p": "pkey", "u": "key", "f": "fkey", "c": "check", "x": "excl"}


def default_name(table: str, columns: str, label: str) -> str:
    """``table_columns_label`` as PostgreSQL joins it: the longer part is cut until it fits.

    Args:
        table: the table's name.
        columns: names joined by ``_``; empty for a primary key.
        label: ``pkey``, ``key``, ``fkey``, ``check``, ``excl`` or ``seq``.
    """
    first, second = table.encode(), columns.encode()
    room = _LIMIT - len(label) - 1 - (1 if second else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = (part.decode(errors="ignore") for part in (first, second) if part)
    return "_".join((*parts, label))


def is_default_name(name: str, table: str, columns: Sequence[str], label: str) -> bool:
    """True for what PostgreSQL would have called it, with the number that it adds to a taken name."""
    joined = "" if label == "pkey" else "_".join(columns)
    number = re.search(r"\d*$", name)
    numbered = f"{label}{number.group()}" if number else label
    return name in {default_name(table, joined, label), default_name(table, joined, numbered)}


def implied_renames(
    origin: Catalog, current: Catalog, models: Catalog, renames: Sequence[Rename]
) -> list[Rename]:
    """What else is to be renamed.

    Args:
        origin: the database as it is.
        current: as it is after the renames.
        models: what it is to become.
        renames: of tables and columns, in order.
    """
    found: list[Rename] = []
    for name, table in current.tables.items():
        wanted = models.tables.get(name)
        touched = any(
            item.schema == name.schema and name.name in {item.parent, item.new}
            for item in renames
            if item.kind in {"table", "column"}
        )
        if wanted is None or not touched:
            continue
        old_table, old_columns = _former(name, renames)
        if old_table in origin.tables:
            found += _constraints(table, wanted, old_table.name, old_columns)
            found += _sequences(table, wanted, old_table.name, old_columns)
    return found


def _former(name: ObjectName, renames: Sequence[Rename]) -> tuple[ObjectName, dict[str, str]]:
    """What the table was called, and for each renamed column what it was called."""
    columns: dict[str, str] = {}
    for item in reversed(renames):
        if item.kind == "column" and item.place == name:
            columns[item.new] = item.old
        elif item.kind == "table" and name == (item.schema, item.new):
            name = name._replace(name=item.old)
    return name, columns


def _constraints(
    table: Table, wanted: Table, old_table: str, old_columns: dict[str, str]
) -> Iterator[Rename]:
    pairs = match(
        table.constraints, wanted.constraints, constraint_meaning, lambda _: False
    ).renamed
    taken = {item.name for item in table.constraints.values()}
    for before, after in pairs:
        if after.named or after.name in taken:
            continue
        carried = () if before.kind in "cf" else included_in(before.definition)
        columns = [old_columns.get(column, column) for column in (*before.columns, *carried)]
        if any(_made(before, old_table, several) for several in _spellings(before, columns)):
            yield Rename(
                kind="constraint",
                schema=table.name.schema,
                parent=table.name.name,
                old=before.name,
                new=after.name,
            )


def _spellings(item: Constraint, columns: list[str]) -> list[list[str]]:
    # a CHECK of a column is named after it, one of the table after none, whatever it is about
    return [columns[:1], []] if item.kind == "c" else [columns]


def _made(item: Constraint, table: str, columns: list[str]) -> bool:
    return is_default_name(item.name, table, columns, _LABELS[item.kind])


def _sequences(
    table: Table, wanted: Table, old_table: str, old_columns: dict[str, str]
) -> Iterator[Rename]:
    for name, column in table.columns.items():
        after = wanted.columns.get(name)
        if column.sequence is None or after is None or after.sequence is None:
            continue
        if column.sequence == after.sequence:
            continue
        old = [old_columns.get(name, name)]
        if is_default_name(column.sequence.name, old_table, old, "seq"):
            yield Rename(
                kind="sequence",
                schema=column.sequence.schema,
                old=column.sequence.name,
                new=after.sequence.name,
            )
