"""Renames of default names after the rename of their table or column.

PostgreSQL keeps the default names of constraints and sequences. A new table would get other names, so they
are renamed too. A name that was chosen explicitly is kept: only a name that is exactly the default name for
the old table and column is renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.default_names import is_default_name
from asyncmig.diff.schema_items.matching import constraint_meaning, match
from asyncmig.diff.schema_items.printed_sql import included_in
from asyncmig.diff.schema_items.rename import Rename

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.catalog.model import Catalog, Constraint, Table
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["implied_renames"]

_LABELS = {"p": "pkey", "u": "key", "f": "fkey", "c": "check", "x": "excl"}


def implied_renames(current: Catalog, models: Catalog, renames: Sequence[Rename]) -> list[Rename]:
    """The renames that follow from renames of tables and columns.

    Args:
        current: the database after ``renames``.
        models: the models.
        renames: renames in order.
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
        found += _constraints(table, wanted, old_table.name, old_columns)
        found += _sequences(table, wanted, old_table.name, old_columns)
    return found


def _former(name: ObjectName, renames: Sequence[Rename]) -> tuple[ObjectName, dict[str, str]]:
    """The former name of a table, and the former names of its renamed columns by their new names."""
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
        included = () if before.kind in "cf" else included_in(before.definition)
        columns = [old_columns.get(column, column) for column in (*before.columns, *included)]
        label = _LABELS[before.kind]
        if any(
            is_default_name(before.name, old_table, named, label)
            for named in _naming_columns(before, columns)
        ):
            yield Rename(
                kind="constraint",
                schema=table.name.schema,
                parent=table.name.name,
                old=before.name,
                new=after.name,
            )


def _naming_columns(item: Constraint, columns: list[str]) -> list[list[str]]:
    # the name of a CHECK contains the column that it was defined with, or none
    return [columns[:1], []] if item.kind == "c" else [columns]


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
