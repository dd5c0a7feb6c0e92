"""Names of the sequences of identity columns.

PostgreSQL chooses the name from the table and column when an identity is created. A restored identity had
another name if its table or column has been renamed since, or if its sequence was renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.default_names import default_name, is_default_name
from asyncmig.diff.schema_items.rename import Rename, rename_operations
from asyncmig.diff.stages import Stage
from asyncmig.diff.types.sequences import must_restart

if TYPE_CHECKING:
    from asyncmig.catalog.model import Catalog, Column
    from asyncmig.diff.comparison import Comparison

__all__ = ["name_sequences"]


def name_sequences(comparison: Comparison) -> None:
    """Rename the sequences of new identities whose name is not the default one."""
    for name, table in comparison.after.tables.items():
        old = comparison.before.tables.get(name)
        for column in table.columns.values():
            if column.identity is None or column.sequence is None:
                continue
            if is_default_name(column.sequence.name, name.name, [column.name], "seq"):
                continue
            if old is not None and _is_kept(old.columns.get(column.name), column):
                continue
            default = default_name(name.name, column.name, "seq")
            # otherwise PostgreSQL appends a number
            if default not in _sequences_in(comparison.before, name.schema):
                rename = Rename(
                    kind="sequence", schema=name.schema, old=default, new=column.sequence.name
                )
                operations = rename_operations([rename], comparison.after)
                comparison.extend(Stage.DROP_SEQUENCES, operations)


def _is_kept(before: Column | None, after: Column) -> bool:
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
