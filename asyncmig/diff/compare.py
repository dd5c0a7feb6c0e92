"""``compare``: from one catalog to another, as operations in an order that runs.

What stands in the way goes first, what needs others comes last: foreign keys go; tables go; indexes and
other constraints, which foreign keys of those led to, go, and generated columns; types change; tables and
columns come; columns go; constraints, indexes and foreign keys come; sequences and types that nobody needs
any more go.

A downgrade is the same comparison with its sides exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from asyncmig.diff.comparison import Comparison, OperationOrder
from asyncmig.diff.entities.compare import EntityOrder, changing, compare_entities
from asyncmig.diff.entities.composite_columns import with_replaced
from asyncmig.diff.entities.drop_blockers import annotate
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.tables.compare import compare_columns, compare_tables
from asyncmig.diff.tables.constraints import compare_keys
from asyncmig.diff.types.compare import (
    compare_schemas,
    compare_sequences,
    compare_type_comments,
    compare_types,
)
from asyncmig.diff.types.identity_sequences import name_sequences
from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.entities import Entities, EntityKey
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.model_types import ModelTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "PartialComparison",
    "compare",
    "compare_before_new_entities",
    "compare_reporting_unpredictable",
]


def compare(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> list[MigrateOperation]:
    """What makes ``after`` out of ``before``; empty when they are the same.

    Changes of one table that follow each other stand in a ``ModifyTableOps``.

    Example::

        upgrade, downgrade = compare(database, models), compare(models, database)

    With ``concurrent_indexes`` the indexes of tables that stay are built and dropped while writes go on,
    and so are those behind their new keys, unless the table is partitioned: PostgreSQL refuses it there.
    """
    steps, entities = _compared(before, after, model_types, concurrent_indexes)
    return _merge_table_operations(steps.in_order(entities))


def compare_reporting_unpredictable(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> tuple[list[MigrateOperation], tuple[EntityKey, ...]]:
    """As ``compare``, and the entities that come although nobody knows how they are printed by then."""
    steps, entities = _compared(before, after, model_types, concurrent_indexes)
    return _merge_table_operations(steps.in_order(entities)), entities.mispredicted


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialComparison:
    """A comparison that stops where entities would come.

    Attributes:
        operations: what leads there; all that only ``before`` has is dropped already.
        left: the entities that are there by then.
        last: what goes after they came: extensions and schemas.
    """

    operations: list[MigrateOperation]
    left: Entities
    last: list[MigrateOperation]


def compare_before_new_entities(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> PartialComparison:
    """As ``compare``, for a caller who has something to do before the entities come."""
    steps, entities = _compared(before, after, model_types, concurrent_indexes)
    done = [
        *steps.before_new_entities(entities),
        *entities.create_late,
        *steps.create_concurrently,
        *steps.add_foreign_keys_concurrently,
        *steps.going,
    ]
    return PartialComparison(
        operations=_merge_table_operations(done),
        left=entities.left,
        last=[*entities.drop_extensions, *steps.drop_schemas],
    )


def _compared(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None,
    concurrent_indexes: bool,
) -> tuple[OperationOrder, EntityOrder]:
    if before == after:
        return OperationOrder(), EntityOrder(left=before.entities)
    work = Comparison(before, after, model_types, concurrent_indexes=concurrent_indexes)
    compare_schemas(work)
    compare_types(work)
    compare_sequences(work)
    compare_columns(work)
    compare_keys(work)
    compare_tables(work)
    name_sequences(work)
    compare_type_comments(work)
    touched = changing(before, after, work.replaced_types)
    there = SchemaItemFactory(with_replaced(before, after, work.replaced_composites), model_types)
    entities = compare_entities(there, work.new, touched, work.rebuilt)
    work.order_foreign_keys()
    work.steps.create_late_entities = _wait_for_keys(work)
    annotate(work.steps.dropping, entities.blocked, before.default_schema)
    return work.steps, entities


def _wait_for_keys(work: Comparison) -> bool:
    """An entity stands on a constraint whose index is built while writes go on."""
    built = work.concurrent_constraints
    return any(not built.isdisjoint(item.needs) for item in work.after.entities.by_key.values())


def _merge_table_operations(operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Neighbours that change the same table, together."""
    gathered: list[MigrateOperation] = []
    for place, group in groupby(operations, key=_altered_table):
        members = list(group)
        if place is None:
            gathered += members
        else:
            schema, name = place
            gathered.append(ModifyTableOps(name, members, schema=schema))
    return gathered


def _altered_table(operation: MigrateOperation) -> tuple[str | None, str] | None:
    if isinstance(operation, CreateTableOp | DropTableOp):
        return None
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    return None if name is None else (getattr(operation, "schema", None), str(name))
