"""The way of a revision that renames.

Names change first, and all else is compared under the new ones. What nobody declares follows a rename by
itself, but once it has it cannot be created again: how the server prints it then is not foretold. So where
something of that kind stands on a column that gets another type as well, types change first, under the
old names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.entities import ON_TABLES, ROUTINES
from asyncmig.diff.compare import compare, compare_reporting_unpredictable
from asyncmig.diff.entities.dependency_order import foundations, providers
from asyncmig.diff.entities.grants import implied_by
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.renames.routine_sources import warn_about_sources
from asyncmig.diff.schema_items.matching import constraint_meaning, index_meaning
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.rename import rename_operations, reversed_renames
from asyncmig.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

    from asyncmig.catalog.entities import Entities, EntityKey
    from asyncmig.catalog.model import Catalog, Column, Table
    from asyncmig.diff.schema_items.model_types import ModelTypes
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["upgrade_operations"]

T = TypeVar("T")
_TYPES = frozenset({"extension", "composite_type"})


def upgrade_operations(
    origin: Catalog,
    database: Catalog,
    models: Catalog,
    renames: Collection[Rename],
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """What makes the models of the database: up to and with the renames, and under the new names.

    Args:
        origin: the database as it is.
        database: as it is after the renames.
        models: what is to be reached.
        renames: in order; with none, the first list is empty.
        model_types: as for ``compare``.
        concurrent_indexes: likewise.

    Raises:
        PlanError: an entity that nobody declares is in the way, and could not be created again.
    """
    names = rename_operations(renames, origin)
    warn_about_sources(names, renames, database, models)
    found, lost = compare_reporting_unpredictable(
        database, models, model_types, concurrent_indexes=concurrent_indexes
    )
    if not lost:
        return names, found
    between = _retyped(database, models)
    plain, middle = database, between
    for item in reversed_renames(renames):
        plain, middle = apply_rename(plain, item), apply_rename(middle, item)
    middle = replace(
        middle,
        tables={
            name: origin.tables[name] if table == plain.tables[name] else table
            for name, table in middle.tables.items()
        },
        sequences=origin.sequences,
        entities=_with_ground(origin.entities, middle.entities),
    )
    first = compare(origin, middle)
    found, lost = compare_reporting_unpredictable(
        between, models, model_types, concurrent_indexes=concurrent_indexes
    )
    if lost:
        raise _in_the_way(lost[0])
    return [*first, *names], found


def _in_the_way(key: EntityKey) -> PlanError:
    kind, name = key.kind.replace("_", " "), key.name
    place = f" on {key.detail}" if key.kind in ON_TABLES - {"row_security"} else ""
    return PlanError(
        f"{kind} {key.schema}.{name}{place} names what is renamed and has to be built anew, but nobody "
        "declares it",
        hint="declare it beside the models, or rename in a revision of its own and autogenerate the rest "
        "after it",
    )


def _retyped(database: Catalog, models: Catalog) -> Catalog:
    """The database with the columns' types of the models, and without what stands in their way."""
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
        entities=_with_ground(database.entities, models.entities),
    )


def _table(before: Table, after: Table) -> Table:
    def column(item: Column) -> Column:
        other = after.columns.get(item.name)
        return item if other is None else _column(item, other)

    columns = {name: column(item) for name, item in before.columns.items()}
    if columns == before.columns:
        return before
    going = _computed_of_changed(before, after, columns)
    checks = {name: item for name, item in before.constraints.items() if item.kind in "cx"}
    lost = checks.keys() - _same(checks, after.constraints, constraint_meaning)
    return replace(
        before,
        columns={name: item for name, item in columns.items() if name not in going},
        constraints={
            name: item
            for name, item in before.constraints.items()
            if name not in lost and going.isdisjoint(item.columns)
        },
        indexes={
            name: before.indexes[name]
            for name in _same(before.indexes, after.indexes, index_meaning)
        },
    )


def _computed_of_changed(
    before: Table, after: Table, columns: Mapping[str, Column]
) -> frozenset[str]:
    """Generated columns that go, made from one that changes: their expressions may not fit its new type."""
    changed = {name for name, item in columns.items() if item != before.columns[name]}
    return frozenset(
        name
        for name, item in before.columns.items()
        if name not in after.columns
        and item.generated is not None
        and not changed.isdisjoint(columns_in(item.generated))
    )


def _column(before: Column, after: Column) -> Column:
    """The type that is wanted, with as much of a default as goes with it."""
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
    """The names of those of which something with the same meaning is wanted, in their order."""
    wanted = {meaning(item) for item in after.values()}
    return {name: None for name, item in before.items() if meaning(item) in wanted}


def _with_ground(there: Entities, wanted: Entities) -> Entities:
    """With the extensions, composite types and routines that columns of new types may need."""
    new = {
        key: item
        for key, item in wanted.by_key.items()
        if key not in there.by_key and key.kind in _TYPES | ROUTINES
    }
    needed = [key for needs in wanted.table_needs.values() for key in providers(needs, new)]
    first = [key for key in new if key.kind in _TYPES]
    ground = {key: new[key] for key in foundations([*first, *needed], new)}
    implied = [implied_by(key) for key in ground if key.kind in ROUTINES]
    return replace(
        there,
        by_key=dict(sorted({**there.by_key, **ground}.items())),
        grants={**there.grants, **{grant.key: grant for grant in implied}},
        table_needs=wanted.table_needs,
    )
