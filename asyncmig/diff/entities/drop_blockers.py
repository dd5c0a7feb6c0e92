"""Entities that block a DROP: they depend on a dropped column or table, are not declared, and stay.

They could not be created again without it, so they are not dropped. The statement will fail; the report
and a comment in the script name them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import ON_TABLES
from asyncmig.catalog.object_name import ObjectName
from asyncmig.operations.directives.columns import DropColumnOp
from asyncmig.operations.directives.tables import DropTableOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.catalog.entities import Entity, EntityKey, Need
    from asyncmig.catalog.model import Catalog
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["DropBlockers", "annotate", "drop_blockers"]

DropBlockers = dict[tuple[ObjectName, str], tuple[str, ...]]
"""Descriptions of entities (``view shop.titles``) by table and column, which is empty for a dropped table."""


def drop_blockers(before: Catalog, after: Catalog, dropped: Collection[EntityKey]) -> DropBlockers:
    """Find the entities that depend on dropped tables and columns, and are not dropped themselves.

    Args:
        before: the catalog before.
        after: the catalog after.
        dropped: the entities that are dropped before tables change.
    """
    found: dict[tuple[ObjectName, str], dict[str, None]] = defaultdict(dict)
    for key, entity in before.entities.by_key.items():
        if key in dropped:
            continue
        for need in sorted(entity.needs):
            target = _dropped_object(need, before, after)
            if target is not None and not _is_dropped_with(entity, target):
                found[target][key.describe(before.default_schema)] = None
    return {target: tuple(names) for target, names in found.items()}


def annotate(
    operations: Iterable[MigrateOperation], blocked: DropBlockers, default_schema: str
) -> None:
    """Set ``blocked_by`` of each operation that drops a column or table."""
    for operation in operations:
        if isinstance(operation, DropColumnOp | DropTableOp):
            table = ObjectName(operation.schema or default_schema, str(operation.table_name))
            column = operation.column_name if isinstance(operation, DropColumnOp) else ""
            operation.blocked_by = blocked.get((table, column), ())


def _dropped_object(need: Need, before: Catalog, after: Catalog) -> tuple[ObjectName, str] | None:
    name = ObjectName(need.schema, need.name)
    if need.kind not in {"relation", "column"} or name not in before.tables:
        return None
    table = after.tables.get(name)
    if table is None:
        return name, ""
    is_kept = need.kind == "relation" or need.detail in table.columns
    return None if is_kept else (name, need.detail)


def _is_dropped_with(entity: Entity, target: tuple[ObjectName, str]) -> bool:
    """True for a trigger and the like of a dropped table; False for one that only reads a dropped column."""
    table, column = target
    key = entity.key
    place = entity.partitioned or (key.schema, key.detail or key.name)
    return key.kind in ON_TABLES and place == table and not column
