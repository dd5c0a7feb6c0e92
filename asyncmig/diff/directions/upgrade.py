"""The operations of an upgrade, with renames.

Renames come first, and everything else is compared under the new names. Entities that are not declared follow
a rename by themselves, but cannot be created again afterwards, because it is unknown how the server prints
them then. If such an entity depends on a column that also changes its type, types are changed first, under
the old names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.entities import ROUTINES
from asyncmig.diff.compare import compare, compare_reporting_unpredictable
from asyncmig.diff.entities.dependency_order import dependencies, providers, source_words
from asyncmig.diff.entities.grants import implied_grant
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.schema_items.matching import constraint_meaning, index_meaning
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.rename import rename_operations, reversed_renames
from asyncmig.errors import PlanError
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.tables import RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

    from asyncmig.catalog.entities import Entities, EntityKey
    from asyncmig.catalog.model import Catalog, Column, Table
    from asyncmig.diff.normalize.sides import Sides
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["upgrade_operations"]

T = TypeVar("T")
_TYPES = frozenset({"extension", "composite_type"})


def upgrade_operations(
    sides: Sides, renames: Collection[Rename] = (), *, concurrent_indexes: bool = False
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Return the operations from the database to the models: up to the renames, and after them.

    Args:
        sides: the database before and after the renames, and the models.
        renames: the renames in order; if there are none, the first list is empty.
        concurrent_indexes: as for ``compare``.

    Raises:
        PlanError: an undeclared entity must be dropped, and could not be created again.
    """
    origin, database, models = sides.origin, sides.actual, sides.wanted
    names = rename_operations(renames, origin)
    _warn_about_sources(names, renames, database, models)
    found, unpredictable = compare_reporting_unpredictable(
        database, models, sides.models.types, concurrent_indexes=concurrent_indexes
    )
    if not unpredictable:
        return names, found
    retyped = _retyped(database, models)
    first = compare(origin, _before_renames(retyped, sides, renames))
    found, unpredictable = compare_reporting_unpredictable(
        retyped, models, sides.models.types, concurrent_indexes=concurrent_indexes
    )
    if unpredictable:
        raise _not_declared(unpredictable[0])
    return [*first, *names], found


def _warn_about_sources(
    operations: Iterable[MigrateOperation],
    renames: Collection[Rename],
    database: Catalog,
    models: Catalog,
) -> None:
    """Record at each rename of a table or column the routines that still contain the old name.

    Args:
        operations: the operations of ``renames``; inherited columns have none.
        renames: the renames in order.
        database: the database after the renames.
        models: the models.
    """
    unchanged = {
        key: words
        for key, item in models.entities.by_key.items()
        if database.entities.by_key.get(key) == item and (words := source_words(item))
    }
    tables = {item.new: item.old for item in renames if item.kind == "table"}
    own = [item for item in renames if not item.inherited]
    for item, operation in zip(own, operations, strict=True):
        if isinstance(operation, AlterColumnOp | RenameTableOp):
            table = item.place.name if item.kind == "column" else item.old
            names = {table, tables.get(table, table)}
            operation.named_in = tuple(
                key.describe(models.default_schema)
                for key, words in unchanged.items()
                if item.old in words and not names.isdisjoint(words)
            )


def _before_renames(retyped: Catalog, sides: Sides, renames: Collection[Rename]) -> Catalog:
    """The catalog with changed types under the old names; unchanged tables are those of ``origin``."""
    origin, database = sides.origin, sides.actual
    for item in reversed_renames(renames):
        database, retyped = apply_rename(database, item), apply_rename(retyped, item)
    return replace(
        retyped,
        tables={
            name: origin.tables[name] if table == database.tables[name] else table
            for name, table in retyped.tables.items()
        },
        sequences=origin.sequences,
        entities=_with_types_and_routines(origin.entities, retyped.entities),
    )


def _not_declared(key: EntityKey) -> PlanError:
    return PlanError(
        f"{key.describe()} uses a renamed object and must be created again, but it is not declared",
        hint="declare it beside the models, or write the rename as a separate revision, run it, and "
        "autogenerate the rest",
    )


def _retyped(database: Catalog, models: Catalog) -> Catalog:
    """The database with the column types of the models, without the objects that prevent these changes."""
    tables = {
        name: table if (after := models.tables.get(name)) is None else _table(table, after)
        for name, table in database.tables.items()
    }
    return replace(
        database,
        schemas=database.schemas | models.schemas,
        tables=tables,
        enums={**database.enums, **models.enums},
        domains={**database.domains, **models.domains},
        entities=_with_types_and_routines(database.entities, models.entities),
    )


def _table(before: Table, after: Table) -> Table:
    def column(item: Column) -> Column:
        other = after.columns.get(item.name)
        return item if other is None else _column(item, other)

    columns = {name: column(item) for name, item in before.columns.items()}
    if columns == before.columns:
        return before
    dropped = _computed_of_changed(before, after, columns)
    checks = {name: item for name, item in before.constraints.items() if item.kind in "cx"}
    lost = checks.keys() - _same(checks, after.constraints, constraint_meaning)
    return replace(
        before,
        columns={name: item for name, item in columns.items() if name not in dropped},
        constraints={
            name: item
            for name, item in before.constraints.items()
            if name not in lost and dropped.isdisjoint(item.columns)
        },
        indexes={
            name: before.indexes[name]
            for name in _same(before.indexes, after.indexes, index_meaning)
        },
    )


def _computed_of_changed(
    before: Table, after: Table, columns: Mapping[str, Column]
) -> frozenset[str]:
    """Dropped generated columns that use a changed column: their expressions may not fit its new type."""
    changed = {name for name, item in columns.items() if item != before.columns[name]}
    return frozenset(
        name
        for name, item in before.columns.items()
        if name not in after.columns
        and item.generated is not None
        and not changed.isdisjoint(columns_in(item.generated))
    )


def _column(before: Column, after: Column) -> Column:
    """The column with its new type, and with a default that fits it."""
    generated = (before.generated, before.stored) != (after.generated, after.stored)
    if (before.type, before.collation) == (after.type, after.collation) and not generated:
        return before
    found = replace(before, type=after.type, collation=after.collation)
    if before.generated is not None:
        found = replace(found, generated=after.generated, stored=after.stored)
    if before.identity is not None and after.identity is not None:
        return replace(found, options=after.options)
    same = before.default == after.default or None in {before.default, after.default}
    return found if same and after.default else replace(found, default=None)


def _same(
    before: Mapping[str, T], after: Mapping[str, T], meaning: Callable[[T], Hashable]
) -> dict[str, None]:
    """The names of the items that ``after`` has with the same meaning, in order."""
    wanted = {meaning(item) for item in after.values()}
    return {name: None for name, item in before.items() if meaning(item) in wanted}


def _with_types_and_routines(existing: Entities, wanted: Entities) -> Entities:
    """Add the extensions, composite types and routines that columns of new types may need."""
    new = {
        key: item
        for key, item in wanted.by_key.items()
        if key not in existing.by_key and key.kind in _TYPES | ROUTINES
    }
    needed = [key for needs in wanted.table_needs.values() for key in providers(needs, new)]
    first = [key for key in new if key.kind in _TYPES]
    added = {key: new[key] for key in dependencies([*first, *needed], new)}
    implied = [implied_grant(key) for key in added if key.kind in ROUTINES]
    return replace(
        existing,
        by_key=dict(sorted({**existing.by_key, **added}.items())),
        grants={**existing.grants, **{grant.key: grant for grant in implied}},
        table_needs=wanted.table_needs,
    )
