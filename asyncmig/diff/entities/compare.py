"""What makes the entities of one catalog out of those of another, around the changes of tables.

An entity that stands on something that changes is dropped before and created after it, and so is what
stands on that entity; also where nobody declared it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import (
    ON_TABLES,
    ROUTINES,
    Entities,
    EntityKey,
    Extension,
    Need,
    Routine,
)
from asyncmig.catalog.model import ObjectName
from asyncmig.diff.entities.dependency_order import (
    creation_order,
    dependents,
    foundations,
    on_overloads,
    providers,
)
from asyncmig.diff.entities.drop_blockers import drop_blockers
from asyncmig.diff.entities.grants import granted, implied_by, object_name, revoked
from asyncmig.diff.entities.kinds.kind import raw
from asyncmig.diff.entities.operations import EntityOperations, is_replaceable
from asyncmig.diff.renames.apply_entities import is_predictable
from asyncmig.diff.renames.routine_sources import source_words
from asyncmig.diff.tables.columns import rebuilt_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from asyncmig.catalog.entities import Entity, Grant
    from asyncmig.catalog.model import Catalog, Column
    from asyncmig.diff.entities.drop_blockers import Hindrances
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EntityOrder", "changing", "compare_entities"]

_EXTENSION = "extension"
_WITH_RIGHTS = ROUTINES | {"view", "materialized_view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityOrder:
    """Operations by when they run.

    Attributes:
        extensions_come: when the schemas are there.
        go: before any table changes.
        early: before tables come, whose defaults and checks need them.
        come: when all tables are as they will be.
        late: when no table needs them any more.
        extensions_go: when nothing is left that could need them.
        left: the entities that are there before ``come``, with ``late`` gone.
        blocked: columns and tables that cannot go, with what stands on them and stays.
        unforetold: what comes although a rename changed how it is printed.
    """

    create_extensions: list[MigrateOperation] = field(default_factory=list)
    drop: list[MigrateOperation] = field(default_factory=list)
    create_early: list[MigrateOperation] = field(default_factory=list)
    create: list[MigrateOperation] = field(default_factory=list)
    create_late: list[MigrateOperation] = field(default_factory=list)
    drop_extensions: list[MigrateOperation] = field(default_factory=list)
    left: Entities = field(default_factory=Entities)
    blocked: Hindrances = field(default_factory=dict)
    mispredicted: tuple[EntityKey, ...] = ()


def compare_entities(
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    touched: Collection[Need],
    rebuilt: Mapping[ObjectName, Collection[str]],
) -> EntityOrder:
    """The operations for the entities.

    Args:
        old: makes items of the catalog as it is.
        new: of the catalog as it will be.
        touched: of ``changing``.
        rebuilt: by table the columns that are dropped and added again.
    """
    return _EntityComparison(old, new, touched, rebuilt).steps()


def changing(before: Catalog, after: Catalog, replaced: Collection[ObjectName]) -> frozenset[Need]:
    """Columns, types and constraints on which nothing may stand while they change.

    Args:
        before: as it is.
        after: as it will be.
        replaced: types that are built anew under their name.
    """
    types = {*before.enums, *before.domains} - {*after.enums, *after.domains}
    found = {Need("type", *name) for name in (*types, *replaced)}
    for name, table in before.tables.items():
        other = after.tables.get(name)
        if other is None:
            continue
        anew = rebuilt_columns(table, other, replaced)
        for column in table.columns.values():
            there = other.columns.get(column.name)
            changed = there is None or _is_retyped(column, there) or column.name in anew
            if changed or column.type.name in replaced:
                found.add(Need("column", *name, column.name))
        for item in table.constraints.values():
            kept = other.constraints.get(item.name)
            if kept is None or kept.definition != item.definition:
                found.add(Need("constraint", *name, item.name))
    return frozenset(found)


def _is_retyped(before: Column, after: Column) -> bool:
    return (before.type, before.collation) != (after.type, after.collation)


class _EntityComparison:
    def __init__(
        self,
        old: SchemaItemFactory,
        new: SchemaItemFactory,
        touched: Collection[Need],
        rebuilt: Mapping[ObjectName, Collection[str]],
    ) -> None:
        before, after = old.catalog, new.catalog
        self._before = before
        self._after = after
        self._old = EntityOperations(old)
        self._new = EntityOperations(new)
        self._old_objects = old
        self._new_objects = new
        self._touched = touched
        self._rebuilt = rebuilt
        self._there, self._wanted = (
            on_overloads({key: item for key, item in side.by_key.items() if key.kind != _EXTENSION})
            for side in (before.entities, after.entities)
        )

    def steps(self) -> EntityOrder:
        """All of them."""
        steps = EntityOrder()
        self._extensions(steps)
        in_the_way = self._in_the_way()
        leaving = self._there.keys() - self._wanted.keys()
        changed = {
            key
            for key, item in self._there.items()
            if key in self._wanted and self._wanted[key] != item
        }
        rebuilt = {
            key for key in changed if not is_replaceable(self._there[key], self._wanted[key])
        }
        first = dependents([*in_the_way, *rebuilt], self._there)
        late = {key for key in leaving - first if self._may_wait(key, leaving | changed)}
        gone = dependents([*first, *(leaving - late)], self._there) | late
        coming = (self._wanted.keys() - self._there.keys()) | (gone & self._wanted.keys())
        replaced = changed - gone
        early = self._early(coming | replaced)
        for key in reversed(creation_order(gone, self._there)):
            if not self._is_dropped_with_owner(key, gone):
                (steps.create_late if key in late else steps.drop).extend(
                    self._old.drop(self._there[key])
                )
        for key in creation_order(coming | replaced, self._wanted):
            comes = steps.create_early if key in early else steps.create
            if key in coming:
                comes += self._new.create(self._wanted[key])
            else:
                comes += self._new.change(self._there[key], self._wanted[key])
        if any(self._comes_before_its_tables(self._wanted[key]) for key in early):
            steps.create_early.insert(0, raw("SET LOCAL check_function_bodies = off"))
            steps.create_early.append(raw("SET LOCAL check_function_bodies = on"))
        standing = self._standing(gone)
        self._rights(steps, standing, coming)
        return replace(
            steps,
            left=self._left(gone, standing, early),
            blocked=drop_blockers(self._before, self._after, gone),
            mispredicted=tuple(
                sorted(key for key in coming if not is_predictable(self._wanted[key]))
            ),
        )

    def _extensions(self, steps: EntityOrder) -> None:
        there, wanted = self._before.entities.by_key, self._after.entities.by_key
        for key, item in wanted.items():
            if not isinstance(item, Extension):
                continue
            existing = there.get(key)
            if existing is None:
                steps.create_extensions.extend(self._new.create(item))
            elif existing != item:
                steps.create_extensions.extend(self._new.change(existing, item))
        for key, item in there.items():
            if isinstance(item, Extension) and key not in wanted:
                steps.drop_extensions.extend(self._old.drop(item))

    def _in_the_way(self) -> set[EntityKey]:
        """Entities that stand on what changes; not those that could not be created again."""
        found = set()
        for key, item in self._there.items():
            touched = [need for need in item.needs if self._is_touched(need, item)]
            if not touched or (key.kind in ON_TABLES and not self._has_table(key)):
                continue
            wanted = self._wanted.get(key)
            if wanted is None or wanted != item or all(map(self._remains, wanted.needs)):
                found.add(key)
        return found

    def _may_wait(self, key: EntityKey, settled: Collection[EntityKey]) -> bool:
        """A table may need it until its turn has come, and nothing that comes is hindered by it.

        What stands on it is among ``settled``: it goes, or becomes something that does not.
        """
        if key.kind not in ROUTINES | {"composite_type"}:
            return False
        named_alike = any(other[1:] == key[1:] for other in self._wanted)
        if self._gets_overloads(key) and not self._is_needed_by_tables(key):
            return False  # a call that comes could mean both
        standing = (
            other
            for other, item in self._there.items()
            if key in providers(item.needs, {key: item})
        )
        return not named_alike and all(other in settled for other in standing if other != key)

    def _gets_overloads(self, key: EntityKey) -> bool:
        return key.kind in ROUTINES and any(
            other.kind in ROUTINES and other[1:3] == key[1:3]
            for other in self._wanted.keys() - self._there.keys()
        )

    def _is_needed_by_tables(self, key: EntityKey) -> bool:
        itself = {key: self._there[key]}
        needs = self._before.entities.table_needs.values()
        return any(key in providers(each, itself) for each in needs)

    def _is_touched(self, need: Need, by: Entity) -> bool:
        name = ObjectName(need.schema, need.name)
        if need in self._touched:
            if by.key.kind != "composite_type":
                return True
            # a type that goes is the last to go, after the attributes and composite types that are of it
            stays = name in self._after.enums or name in self._after.domains
            return by.key in self._wanted and (
                stays or EntityKey("composite_type", *name) in self._wanted
            )
        return (
            need.kind in {"relation", "column"}
            and name in self._before.tables
            and name not in self._after.tables
        )

    def _remains(self, need: Need) -> bool:
        """What an entity needs is there afterwards, as far as a table that we know has it."""
        name = ObjectName(need.schema, need.name)
        if need.kind not in {"relation", "column"} or name not in self._before.tables:
            return True
        table = self._after.tables.get(name)
        if table is None:  # a view may take its place
            return any(True for _ in providers([need], self._wanted))
        return need.kind == "relation" or need.detail in table.columns

    def _has_table(self, key: EntityKey) -> bool:
        name = key.name if key.kind == "row_security" else key.detail
        item = self._there.get(key)
        above = None if item is None else item.partitioned
        place = above or ObjectName(key.schema, name)
        return place not in self._before.tables or place in self._after.tables

    def _is_dropped_with_owner(self, key: EntityKey, gone: Collection[EntityKey]) -> bool:
        """It is dropped with the table or view that it belongs to."""
        if key.kind not in ON_TABLES:
            return False
        return not self._has_table(key) or any(
            other.kind == "view" and other[1:3] == (key.schema, key.detail) for other in gone
        )

    def _early(self, coming: Collection[EntityKey]) -> set[EntityKey]:
        """What tables need, with all that it needs itself."""
        pool = {key: self._wanted[key] for key in coming}
        waiting = dependents(
            (key for key, item in pool.items() if any(map(self._is_new_row, item.needs))), pool
        )
        first = [key for key in pool if key.kind == "composite_type" and key not in waiting]
        for needs in self._after.entities.table_needs.values():
            first += providers(needs, pool)
        return foundations(first, pool)

    def _is_new_row(self, need: Need) -> bool:
        """It is the type of the rows of a table that comes."""
        name = ObjectName(need.schema, need.name)
        new = name in self._after.tables and name not in self._before.tables
        return need.kind == "relation" and new

    def _comes_before_its_tables(self, entity: Entity) -> bool:
        """The server looks into the source of a function in SQL, and finds a name that is not there yet."""
        if not isinstance(entity, Routine) or entity.language != "sql":
            return False
        words = source_words(entity)
        for name, table in self._after.tables.items():
            existing = self._before.tables.get(name)
            new = (
                {name.name} if existing is None else table.columns.keys() - existing.columns.keys()
            )
            if not words.isdisjoint(new):
                return True
        return False

    def _standing(self, gone: Collection[EntityKey]) -> dict[EntityKey, Grant]:
        """Rights whose objects stay where they are."""
        lost = {(key.schema, object_name(key)) for key in gone if key.kind in _WITH_RIGHTS}
        return {
            key: grant
            for key, grant in self._before.entities.grants.items()
            if key[1:3] not in lost and self._has_object(grant)
        }

    def _left(
        self,
        gone: Collection[EntityKey],
        standing: Mapping[EntityKey, Grant],
        early: Collection[EntityKey],
    ) -> Entities:
        extensions = {
            key: item for key, item in self._after.entities.by_key.items() if key.kind == _EXTENSION
        }
        stayed = {
            key: item
            for key, item in self._there.items()
            if key not in gone and not self._is_dropped_with_owner(key, gone)
        }
        came = {key: self._wanted[key] for key in early}
        return replace(
            self._after.entities,
            by_key={**extensions, **stayed, **came},
            grants=_with_implied(standing, early),
        )

    def _rights(
        self, steps: EntityOrder, standing: Mapping[EntityKey, Grant], coming: Collection[EntityKey]
    ) -> None:
        """Rights go with their objects, and are given anew when these come back."""
        standing = _with_implied(standing, coming)
        wanted = self._after.entities.grants
        leave = [
            grant
            for key, grant in standing.items()
            if key not in wanted or (grant.grantable and not wanted[key].grantable)
        ]
        come = [
            grant
            for key, grant in wanted.items()
            if key not in standing or (grant.grantable and not standing[key].grantable)
        ]
        steps.create.extend(revoked(leave, wanted, self._old_objects))
        steps.create.extend(granted(come, self._new_objects))

    def _has_object(self, grant: Grant) -> bool:
        """What the right is about is there afterwards, as far as we know of it."""
        name = ObjectName(grant.key.schema, grant.key.name)
        if grant.object_kind == "sequence":
            return name not in self._before.sequences or name in self._after.sequences
        if grant.object_kind != "table" or name not in self._before.tables:
            return True
        table = self._after.tables.get(name)
        return table is not None and (
            grant.column is None
            or (grant.column in table.columns and grant.column not in self._rebuilt.get(name, ()))
        )


def _with_implied(
    standing: Mapping[EntityKey, Grant], coming: Iterable[EntityKey]
) -> dict[EntityKey, Grant]:
    """With the rights that everybody has on what comes."""
    implied = [implied_by(key) for key in coming if key.kind in ROUTINES]
    return {**standing, **{grant.key: grant for grant in implied}}
