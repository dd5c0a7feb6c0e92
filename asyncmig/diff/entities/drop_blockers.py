"""What a dropped column or table takes its ground from: entities that nobody declares, and that stay.

They cannot be created again without it, so they are not dropped either: the statement will fail.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import ON_TABLES, ROUTINES
from asyncmig.catalog.model import ObjectName
from asyncmig.operations.directives.columns import DropColumnOp
from asyncmig.operations.directives.tables import DropTableOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.catalog.entities import Entity, EntityKey, Need
    from asyncmig.catalog.model import Catalog
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Hindrances", "annotate", "drop_blockers"]

Hindrances = dict[tuple[ObjectName, str], tuple[str, ...]]
"""By table and column, the column empty for a table that goes: ``view shop.titles``."""


def drop_blockers(before: Catalog, after: Catalog, gone: Collection[EntityKey]) -> Hindrances:
    """What will not let go of what.

    Args:
        before: as it is.
        after: as it will be.
        gone: the entities that are dropped before.
    """
    found: dict[tuple[ObjectName, str], dict[str, None]] = defaultdict(dict)
    for key, entity in before.entities.by_key.items():
        if key in gone:
            continue
        for need in sorted(entity.needs):
            dropped = _dropped(need, before, after)
            if dropped is not None and not _is_dropped_with(entity, dropped):
                found[dropped][_told(key, before.default_schema)] = None
    return {dropped: tuple(names) for dropped, names in found.items()}


def annotate(
    operations: Iterable[MigrateOperation], hindered: Hindrances, default_schema: str
) -> None:
    """Note at each operation what will make it fail."""
    for operation in operations:
        if isinstance(operation, DropColumnOp | DropTableOp):
            table = ObjectName(operation.schema or default_schema, str(operation.table_name))
            column = operation.column_name if isinstance(operation, DropColumnOp) else ""
            operation.blocked_by = hindered.get((table, column), ())


def _dropped(need: Need, before: Catalog, after: Catalog) -> tuple[ObjectName, str] | None:
    name = ObjectName(need.schema, need.name)
    if need.kind not in {"relation", "column"} or name not in before.tables:
        return None
    table = after.tables.get(name)
    if table is None:
        return name, ""
    is_there = need.kind == "relation" or need.detail in table.columns
    return None if is_there else (name, need.detail)


def _is_dropped_with(entity: Entity, dropped: tuple[ObjectName, str]) -> bool:
    """It goes with its table; but no trigger goes with a column that it reads."""
    table, column = dropped
    key = entity.key
    place = entity.partitioned or (key.schema, key.detail or key.name)
    return key.kind in ON_TABLES and place == table and not column


def _told(key: EntityKey, default_schema: str) -> str:
    name = key.name if key.schema == default_schema else f"{key.schema}.{key.name}"
    kind = key.kind.replace("_", " ")
    if key.kind in ROUTINES:
        return f"{kind} {name}({key.detail})"
    return f"{kind} {name} on {key.detail}" if key.kind in ON_TABLES else f"{kind} {name}"
