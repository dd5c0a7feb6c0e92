"""Compare entities: views, routines, triggers, policies and everything else that is declared beside models.

An entity that depends on something that changes is dropped before the change and created after it, with its
own dependents, even if it is not declared.
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
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.dependency_order import (
    creation_order,
    dependencies,
    dependents,
    providers,
    source_words,
    with_resolved_overloads,
)
from asyncmig.diff.entities.drop_blockers import drop_blockers
from asyncmig.diff.entities.grants import (
    grant_operations,
    implied_grant,
    object_name,
    revoke_operations,
)
from asyncmig.diff.entities.operations import EntityOperations, is_replaceable
from asyncmig.diff.entities.rename import is_predictable
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.diff.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from asyncmig.catalog.entities import Entity, Grant
    from asyncmig.catalog.model import Catalog, Column
    from asyncmig.diff.comparison import Comparison, Replacements
    from asyncmig.diff.entities.drop_blockers import DropBlockers
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

__all__ = ["EntityComparison", "changed_objects", "compare_entities"]

_WITH_GRANTS = ROUTINES | {"view", "materialized_view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityComparison:
    """The outcome of ``compare_entities``, beside the operations.

    Attributes:
        left: the entities that exist before the stage in which entities are created.
        blocked: columns and tables that cannot be dropped, with the entities that depend on them.
        unpredictable: the entities to create whose printed form after a rename is unknown.
        dropped: the entities that are dropped, those that are created again included.
        created: the entities that are created or replaced.
    """

    left: Entities
    blocked: DropBlockers = field(default_factory=dict)
    unpredictable: tuple[EntityKey, ...] = ()
    dropped: frozenset[EntityKey] = frozenset()
    created: frozenset[EntityKey] = frozenset()


def compare_entities(
    comparison: Comparison, old: SchemaItemFactory, changed: Collection[Need]
) -> EntityComparison:
    """Compare the entities, and add the operations to ``comparison``.

    Args:
        comparison: the comparison, after the passes for everything else.
        old: makes items of the catalog before, in which composite types are replaced already.
        changed: what ``changed_objects`` returns.
    """
    return _EntityChanges(comparison, old, changed).run()


def changed_objects(before: Catalog, after: Catalog, replacements: Replacements) -> frozenset[Need]:
    """The columns, types and constraints that nothing may depend on while they change."""
    replaced = replacements.types
    types = {*before.enums, *before.domains} - {*after.enums, *after.domains}
    found = {Need("type", *name) for name in (*types, *replaced)}
    for name, table in before.tables.items():
        other = after.tables.get(name)
        if other is None:
            continue
        generated = replacements.generated_columns.get(name, frozenset())
        for column in table.columns.values():
            new = other.columns.get(column.name)
            changed = new is None or _is_retyped(column, new) or column.name in generated
            if changed or column.type.name in replaced:
                found.add(Need("column", *name, column.name))
        for item in table.constraints.values():
            kept = other.constraints.get(item.name)
            if kept is None or kept.definition != item.definition:
                found.add(Need("constraint", *name, item.name))
    return frozenset(found)


def _is_retyped(before: Column, after: Column) -> bool:
    return (before.type, before.collation) != (after.type, after.collation)


class _EntityChanges:
    """The changes of the entities between two catalogs.

    Extensions are changed separately, so that they are in neither ``_existing`` nor ``_wanted``.
    """

    def __init__(
        self, comparison: Comparison, old: SchemaItemFactory, changed: Collection[Need]
    ) -> None:
        self._comparison = comparison
        self._before = old.catalog
        self._after = comparison.after
        self._factories = old, comparison.new
        self._old = EntityOperations(old)
        self._new = EntityOperations(comparison.new)
        self._changed = changed
        self._existing, self._wanted = (
            with_resolved_overloads(
                {
                    key: item
                    for key, item in side.entities.by_key.items()
                    if not isinstance(item, Extension)
                }
            )
            for side in (self._before, self._after)
        )

    def run(self) -> EntityComparison:
        """Find the changes and add them to the comparison."""
        comparison = self._comparison
        self._compare_extensions()
        removed = self._existing.keys() - self._wanted.keys()
        changed = {
            key
            for key, item in self._existing.items()
            if key in self._wanted and self._wanted[key] != item
        }
        recreated = {
            key for key in changed if not is_replaceable(self._existing[key], self._wanted[key])
        }
        first = dependents([*self._affected(), *recreated], self._existing)
        late = {key for key in removed - first if self._can_be_dropped_late(key, removed | changed)}
        early_drops = dependents([*first, *(removed - late)], self._existing)
        late -= early_drops  # a function of a view's row type is dropped before the view
        dropped = early_drops | late
        created = (self._wanted.keys() - self._existing.keys()) | (dropped & self._wanted.keys())
        replaced = changed - dropped
        early = self._needed_by_tables(created | replaced)
        waits = self._waits_for_concurrent_index()
        create_stage = Stage.CREATE_ENTITIES_AFTER_INDEXES if waits else Stage.CREATE_ENTITIES
        drop_stage = (
            Stage.DROP_ENTITIES_OF_TABLES_AFTER_INDEXES if waits else Stage.DROP_ENTITIES_OF_TABLES
        )
        for key in reversed(creation_order(dropped, self._existing)):
            if not self._is_dropped_with_owner(key, dropped):
                stage = drop_stage if key in late else Stage.DROP_ENTITIES
                comparison.extend(stage, self._old.drop(self._existing[key]))
        unchecked = any(self._names_new_table(self._wanted[key]) for key in early)
        if unchecked:
            self._check_function_bodies("off")
        for key in creation_order(created | replaced, self._wanted):
            stage = Stage.CREATE_ENTITIES_FOR_TABLES if key in early else create_stage
            if key in created:
                comparison.extend(stage, self._new.create(self._wanted[key]))
            else:
                changes = self._new.change(self._existing[key], self._wanted[key])
                comparison.extend(stage, changes)
        if unchecked:
            self._check_function_bodies("on")
        kept = self._kept_grants(dropped)
        self._compare_grants(create_stage, kept, created)
        unpredictable = (key for key in created if not is_predictable(self._wanted[key]))
        return EntityComparison(
            left=self._left(dropped, kept, early),
            blocked=drop_blockers(self._before, self._after, dropped),
            unpredictable=tuple(sorted(unpredictable)),
            dropped=frozenset(dropped),
            created=frozenset(created | replaced),
        )

    def _check_function_bodies(self, value: str) -> None:
        sql = f"SET LOCAL check_function_bodies = {value}"
        self._comparison.add(Stage.CREATE_ENTITIES_FOR_TABLES, raw_sql(sql))

    def _waits_for_concurrent_index(self) -> bool:
        """True when an entity depends on a constraint whose index is created with CONCURRENTLY."""
        built = self._comparison.concurrent_constraints
        entities = self._after.entities.by_key.values()
        return any(not built.isdisjoint(item.needs) for item in entities)

    def _compare_extensions(self) -> None:
        comparison = self._comparison
        existing, wanted = self._before.entities.by_key, self._after.entities.by_key
        for key, item in wanted.items():
            if not isinstance(item, Extension):
                continue
            before = existing.get(key)
            if before is None:
                comparison.extend(Stage.CREATE_EXTENSIONS, self._new.create(item))
            elif before != item:
                comparison.extend(Stage.CREATE_EXTENSIONS, self._new.change(before, item))
        for key, item in existing.items():
            if isinstance(item, Extension) and key not in wanted:
                comparison.extend(Stage.DROP_EXTENSIONS, self._old.drop(item))

    def _affected(self) -> set[EntityKey]:
        """Entities that depend on something that changes, except those that could not be created again."""
        found = set()
        for key, item in self._existing.items():
            affected = [need for need in item.needs if self._is_affected(need, item)]
            if not affected or (key.kind in ON_TABLES and not self._keeps_table(key)):
                continue
            wanted = self._wanted.get(key)
            if wanted is None or wanted != item or all(map(self._is_kept, wanted.needs)):
                found.add(key)
        return found

    def _is_affected(self, need: Need, entity: Entity) -> bool:
        name = ObjectName(need.schema, need.name)
        if need in self._changed:
            if entity.key.kind != "composite_type":
                return True
            # a type is dropped after the attributes and composite types that use it
            stays = name in self._after.enums or name in self._after.domains
            return entity.key in self._wanted and (
                stays or EntityKey("composite_type", *name) in self._wanted
            )
        return (
            need.kind in {"relation", "column"}
            and name in self._before.tables
            and name not in self._after.tables
        )

    def _is_kept(self, need: Need) -> bool:
        """True when what an entity needs exists afterwards, as far as it is part of a known table."""
        name = ObjectName(need.schema, need.name)
        if need.kind not in {"relation", "column"} or name not in self._before.tables:
            return True
        table = self._after.tables.get(name)
        if table is None:  # a view may take its place
            return any(True for _ in providers([need], self._wanted))
        return need.kind == "relation" or need.detail in table.columns

    def _can_be_dropped_late(self, key: EntityKey, dropped_first: Collection[EntityKey]) -> bool:
        """True for a routine or type that tables may need until they have changed.

        Nothing that is created needs its name, and all its dependents are in ``dropped_first``: they are
        dropped before it, or changed so that they no longer depend on it.
        """
        if key.kind not in ROUTINES | {"composite_type"}:
            return False
        has_namesake = any(other[1:] == key[1:] for other in self._wanted)
        if self._gets_overloads(key) and not self._is_needed_by_tables(key):
            return False  # a call in something that is created could be ambiguous
        direct = (
            other
            for other, item in self._existing.items()
            if key in providers(item.needs, {key: item})
        )
        return not has_namesake and all(other in dropped_first for other in direct if other != key)

    def _gets_overloads(self, key: EntityKey) -> bool:
        return key.kind in ROUTINES and any(
            other.kind in ROUTINES and other[1:3] == key[1:3]
            for other in self._wanted.keys() - self._existing.keys()
        )

    def _is_needed_by_tables(self, key: EntityKey) -> bool:
        itself = {key: self._existing[key]}
        needs = self._before.entities.table_needs.values()
        return any(key in providers(each, itself) for each in needs)

    def _keeps_table(self, key: EntityKey) -> bool:
        """True unless the table of a trigger, policy and the like is dropped."""
        name = key.name if key.kind == "row_security" else key.detail
        item = self._existing.get(key)
        parent = None if item is None else item.partitioned
        table = parent or ObjectName(key.schema, name)
        return table not in self._before.tables or table in self._after.tables

    def _is_dropped_with_owner(self, key: EntityKey, dropped: Collection[EntityKey]) -> bool:
        """True for a trigger, policy and the like whose table or view is dropped."""
        if key.kind not in ON_TABLES:
            return False
        return not self._keeps_table(key) or any(
            other.kind == "view" and other[1:3] == (key.schema, key.detail) for other in dropped
        )

    def _needed_by_tables(self, created: Collection[EntityKey]) -> set[EntityKey]:
        """The entities that tables need, with everything that these need."""
        pool = {key: self._wanted[key] for key in created}
        after_tables = dependents(
            (key for key, item in pool.items() if any(map(self._is_new_table, item.needs))), pool
        )
        first = [key for key in pool if key.kind == "composite_type" and key not in after_tables]
        for needs in self._after.entities.table_needs.values():
            first += providers(needs, pool)
        return dependencies(first, pool)

    def _is_new_table(self, need: Need) -> bool:
        """True for the row type of a table that is created."""
        name = ObjectName(need.schema, need.name)
        new = name in self._after.tables and name not in self._before.tables
        return need.kind == "relation" and new

    def _names_new_table(self, entity: Entity) -> bool:
        """True for a SQL function whose source names a table or column that does not exist yet.

        PostgreSQL looks into the source when it creates the function.
        """
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

    def _left(
        self,
        dropped: Collection[EntityKey],
        grants: Mapping[EntityKey, Grant],
        early: Collection[EntityKey],
    ) -> Entities:
        extensions = {
            key: item
            for key, item in self._after.entities.by_key.items()
            if isinstance(item, Extension)
        }
        kept = {
            key: item
            for key, item in self._existing.items()
            if key not in dropped and not self._is_dropped_with_owner(key, dropped)
        }
        created = {key: self._wanted[key] for key in early}
        return replace(
            self._after.entities,
            by_key={**extensions, **kept, **created},
            grants=_with_implied(grants, early),
        )

    def _kept_grants(self, dropped: Collection[EntityKey]) -> dict[EntityKey, Grant]:
        """The grants whose objects are not dropped."""
        lost = {(key.schema, object_name(key)) for key in dropped if key.kind in _WITH_GRANTS}
        return {
            key: grant
            for key, grant in self._before.entities.grants.items()
            if key[1:3] not in lost and self._keeps_object(grant)
        }

    def _keeps_object(self, grant: Grant) -> bool:
        """True when the object of a grant exists afterwards, as far as it is known."""
        name = ObjectName(grant.key.schema, grant.key.name)
        if grant.object_kind == "sequence":
            return name not in self._before.sequences or name in self._after.sequences
        if grant.object_kind != "table" or name not in self._before.tables:
            return True
        table = self._after.tables.get(name)
        generated = self._comparison.replacements.generated_columns.get(name, frozenset())
        return table is not None and (
            grant.column is None
            or (grant.column in table.columns and grant.column not in generated)
        )

    def _compare_grants(
        self, stage: Stage, kept: Mapping[EntityKey, Grant], created: Collection[EntityKey]
    ) -> None:
        """Grants are dropped with their objects, and granted again when these are created."""
        existing = _with_implied(kept, created)
        wanted = self._after.entities.grants
        revoked = [
            grant
            for key, grant in existing.items()
            if key not in wanted or (grant.grantable and not wanted[key].grantable)
        ]
        granted = [
            grant
            for key, grant in wanted.items()
            if key not in existing or (grant.grantable and not existing[key].grantable)
        ]
        old, new = self._factories
        self._comparison.extend(stage, revoke_operations(revoked, wanted, old))
        self._comparison.extend(stage, grant_operations(granted, new))


def _with_implied(
    grants: Mapping[EntityKey, Grant], created: Iterable[EntityKey]
) -> dict[EntityKey, Grant]:
    """Add the privileges that PUBLIC has on created routines."""
    implied = [implied_grant(key) for key in created if key.kind in ROUTINES]
    return {**grants, **{grant.key: grant for grant in implied}}
