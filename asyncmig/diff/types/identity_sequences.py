"""What the sequences of identities are called.

The server makes a name of table and column when an identity comes. One that comes back had another where
its table or column has been renamed since, or somebody renamed the sequence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.renames.server_names import default_name, is_default_name
from asyncmig.diff.schema_items.rename import Rename, rename_operations
from asyncmig.diff.types.sequences import must_restart

if TYPE_CHECKING:
    from asyncmig.catalog.model import Catalog, Column
    from asyncmig.diff.comparison import Comparison

__all__ = ["name_sequences"]


def name_sequences(work: Comparison) -> None:
    """Give the sequences of new identities their names, where they are not those that the server makes."""
    for name, table in work.after.tables.items():
        old = work.before.tables.get(name)
        for column in table.columns.values():
            if column.identity is None or column.sequence is None:
                continue
            if is_default_name(column.sequence.name, name.name, [column.name], "seq"):
                continue
            if old is not None and _stays(old.columns.get(column.name), column):
                continue
            made = default_name(name.name, column.name, "seq")
            if made not in _sequences_in(work.before, name.schema):  # else it is made with a number
                rename = Rename(
                    kind="sequence", schema=name.schema, old=made, new=column.sequence.name
                )
                work.steps.drop_sequences += rename_operations([rename], work.after)


def _stays(before: Column | None, after: Column) -> bool:
    if before is None or before.identity is None:
        return False
    old, new = before.options, after.options
    return old is None or new is None or not must_restart(old, new)


def _sequences_in(catalog: Catalog, schema: str) -> set[str]:
    of_columns = {
        column.sequence
        for table in catalog.tables.values()
        for column in table.columns.values()
        if column.sequence is not None
    }
    return {item.name for item in {*of_columns, *catalog.sequences} if item.schema == schema}
