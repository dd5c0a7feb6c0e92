"""Comparators of users: what they add to what we have found.

They are called with what was configured, in this order:

- ``autogenerate``: ``function(autogen_context, upgrade_ops)``;
- ``schema``: ``function(autogen_context, upgrade_ops, schemas)``, where None is the default schema;
- ``table``: ``function(autogen_context, modify_table_ops, schema, name, conn_table, metadata_table)`` for
  each table of either side; the one that a side has not is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.autogenerate.dispatch import comparators
from asyncmig.diff.objects import Objects
from asyncmig.operations.containers import ModifyTableOps

if TYPE_CHECKING:
    from collections.abc import Mapping

    import sqlalchemy as sa

    from asyncmig.autogenerate.context import AutogenContext
    from asyncmig.catalog.model import Catalog
    from asyncmig.operations.containers import DowngradeOps, UpgradeOps

__all__ = ["add_users_operations"]


def add_users_operations(
    context: AutogenContext,
    upgrade: UpgradeOps,
    downgrade: DowngradeOps,
    *,
    actual: Catalog,
    wanted: Catalog,
    models: Mapping[tuple[str, str], sa.Table],
) -> None:
    """Call the comparators; what they add to ``upgrade``, ``downgrade`` undoes at the same place.

    Args:
        context: their first argument.
        upgrade: what was found; they may put operations before, between and after.
        downgrade: what undoes it.
        actual: the database.
        wanted: the models.
        models: their tables by schema and name.

    Raises:
        NotImplementedError: an operation of theirs has no ``reverse``.
    """
    ours = {id(operation) for operation in upgrade.ops}
    for compare in comparators.registered("autogenerate"):
        compare(context, upgrade)
    default = actual.default_schema
    for compare in comparators.registered("schema"):
        schemas = {None if name == default else name for name in actual.schemas | wanted.schemas}
        compare(context, upgrade, schemas)
    functions = list(comparators.registered("table"))
    if functions:
        old, new = Objects(actual), Objects(wanted)
        for name in sorted({*actual.tables, *wanted.tables}):
            there, here = actual.tables.get(name), wanted.tables.get(name)
            schema = None if name.schema == default else name.schema
            found = ModifyTableOps(name.name, [], schema=schema)
            inspected = None if there is None else old.table(there)
            model = None if here is None else models.get((name.schema, name.name), new.table(here))
            for compare in functions:
                compare(context, found, schema, name.name, inspected, model)
            if not found.is_empty():
                upgrade.ops.append(found)
    _undo(ours, upgrade, downgrade)


def _undo(ours: set[int], upgrade: UpgradeOps, downgrade: DowngradeOps) -> None:
    places = [place for place, operation in enumerate(upgrade.ops) if id(operation) in ours]
    first = places[0] if places else len(upgrade.ops)
    before = [operation for operation in upgrade.ops[:first] if id(operation) not in ours]
    after = [operation for operation in upgrade.ops[first:] if id(operation) not in ours]
    downgrade.ops[:] = [
        *(operation.reverse() for operation in reversed(after)),
        *downgrade.ops,
        *(operation.reverse() for operation in reversed(before)),
    ]
