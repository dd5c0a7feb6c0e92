"""``compare``: the operations that turn one catalog into another, in an order that runs.

``_PASSES`` finds the differences of one kind of object after another; ``stages.Stage`` defines when each
operation runs. A downgrade is the same comparison with its sides exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from asyncmig.diff.comparison import Comparison, Replacements, common_tables
from asyncmig.diff.entities.compare import EntityComparison, changed_objects, compare_entities
from asyncmig.diff.entities.composite_columns import replaced_composites, with_replaced
from asyncmig.diff.entities.drop_blockers import annotate
from asyncmig.diff.schema_items.default_names import temporary_names
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.stages import Stage
from asyncmig.diff.tables.columns import rebuilt_columns
from asyncmig.diff.tables.compare import (
    change_tables,
    compare_columns,
    create_tables,
    drop_tables,
    set_logged,
)
from asyncmig.diff.tables.constraints import compare_constraints
from asyncmig.diff.tables.inheritance import without_inherited_changes
from asyncmig.diff.types.compare import (
    change_types,
    compare_domains,
    compare_schemas,
    compare_sequences,
    compare_type_comments,
    create_types,
    drop_types,
    name_identity_sequences,
)
from asyncmig.diff.types.domains import replaced_domains
from asyncmig.diff.types.enums import only_adds_labels
from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asyncmig.catalog.entities import Entities, EntityKey
    from asyncmig.catalog.model import Catalog, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.models_catalog import ModelTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "PartialComparison",
    "compare",
    "compare_before_new_entities",
    "compare_reporting_unpredictable",
]


def _change_types(comparison: Comparison) -> None:
    """Change types of columns once, in the parent, where tables inherit."""
    changes = without_inherited_changes(change_types(comparison), comparison)
    comparison.extend(Stage.CHANGE_TYPES, changes)


_PASSES: tuple[Callable[[Comparison], None], ...] = (
    compare_schemas,
    create_types,
    _change_types,
    drop_types,
    compare_sequences,
    compare_columns,
    drop_tables,
    compare_constraints,
    create_tables,
    change_tables,
    set_logged,
    name_identity_sequences,
    compare_type_comments,
    Comparison.stage_foreign_keys,
)
"""What a comparison does, in order. Within a stage, operations of an earlier pass run first."""

_LAST = (Stage.DROP_EXTENSIONS, Stage.DROP_SCHEMAS)
_NEW_ENTITIES = (Stage.CREATE_ENTITIES, Stage.CREATE_ENTITIES_AFTER_INDEXES)


def compare(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> list[MigrateOperation]:
    """Return the operations that turn ``before`` into ``after``; none if they are equal.

    Consecutive changes of one table are in one ``ModifyTableOps``.

    Args:
        before: the catalog to start from.
        after: the catalog to reach.
        model_types: the types of the models.
        concurrent_indexes: create and drop the indexes of existing tables with CONCURRENTLY, and those of
            their new keys, except for partitioned tables, for which PostgreSQL rejects it.

    Example::

        upgrade, downgrade = compare(database, models), compare(models, database)
    """
    comparison, _ = _compared(before, after, model_types, concurrent_indexes)
    return _merge_table_operations(comparison.operations.in_order())


def compare_reporting_unpredictable(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> tuple[list[MigrateOperation], tuple[EntityKey, ...]]:
    """As ``compare``, with the entities to create whose printed form after a rename is unknown."""
    comparison, entities = _compared(before, after, model_types, concurrent_indexes)
    return _merge_table_operations(comparison.operations.in_order()), entities.unpredictable


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialComparison:
    """A comparison without the creation of entities.

    Attributes:
        operations: everything before the entities; objects that only ``before`` has are dropped.
        left: the entities that exist after ``operations``.
        last: the operations after the entities are created: extensions and schemas are dropped.
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
    """As ``compare``, for a caller that adds operations before the entities are created."""
    comparison, entities = _compared(before, after, model_types, concurrent_indexes)
    first = [stage for stage in Stage if stage not in {*_NEW_ENTITIES, *_LAST}]
    return PartialComparison(
        operations=_merge_table_operations(comparison.operations.in_order(first)),
        left=entities.left,
        last=comparison.operations.in_order(_LAST),
    )


def _compared(
    before: Catalog, after: Catalog, model_types: ModelTypes | None, concurrent_indexes: bool
) -> tuple[Comparison, EntityComparison]:
    if before == after:
        return Comparison(before, after, {}, Replacements()), EntityComparison(left=before.entities)
    common = common_tables(before, after)
    replacements = _find_replacements(before, after, common)
    comparison = Comparison(
        before, after, common, replacements, model_types, concurrent_indexes=concurrent_indexes
    )
    for run in _PASSES:
        run(comparison)
    existing = with_replaced(before, after, replacements.composites)
    entities = compare_entities(
        comparison,
        SchemaItemFactory(existing, model_types),
        changed_objects(before, after, replacements),
    )
    compare_domains(comparison, entities.dropped, entities.created)
    annotate(comparison.operations, entities.blocked, before.default_schema)
    return comparison, entities


def _find_replacements(
    before: Catalog, after: Catalog, common: dict[ObjectName, tuple[Table, Table]]
) -> Replacements:
    enums = tuple(
        (before.enums[name], enum)
        for name, enum in after.enums.items()
        if name in before.enums and not only_adds_labels(before.enums[name], enum)
    )
    types = {enum.name for enum, _ in enums}
    domains = replaced_domains(before, after, types)
    types.update(domains)
    composites = replaced_composites(before, after, types)
    types.update(composites)
    return Replacements(
        enums=enums,
        domains=tuple(domains),
        composites=tuple(composites),
        types=frozenset(types),
        temporary_names=temporary_names(types, before, after),
        generated_columns={
            name: rebuilt_columns(old, new, types) for name, (old, new) in common.items()
        },
    )


def _merge_table_operations(operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Put consecutive operations that alter the same table into one ``ModifyTableOps``."""
    merged: list[MigrateOperation] = []
    for table, group in groupby(operations, key=_altered_table):
        members = list(group)
        if table is None:
            merged += members
        else:
            schema, name = table
            merged.append(ModifyTableOps(name, members, schema=schema))
    return merged


def _altered_table(operation: MigrateOperation) -> tuple[str | None, str] | None:
    if isinstance(operation, CreateTableOp | DropTableOp):
        return None
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    return None if name is None else (getattr(operation, "schema", None), str(name))
