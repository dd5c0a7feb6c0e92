"""Entities as operations: create, drop, or change in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import (
    Aggregate,
    CompositeType,
    Entity,
    EventTrigger,
    Extension,
    MaterializedView,
    Policy,
    Routine,
    RowSecurity,
    Rule,
    Statistics,
    Trigger,
    View,
)
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.kinds.aggregates import AggregateKind
from asyncmig.diff.entities.kinds.composite_types import CompositeTypeKind
from asyncmig.diff.entities.kinds.event_triggers import EventTriggerKind
from asyncmig.diff.entities.kinds.extensions import ExtensionKind
from asyncmig.diff.entities.kinds.materialized_views import MaterializedViewKind
from asyncmig.diff.entities.kinds.policies import PolicyKind
from asyncmig.diff.entities.kinds.routines import RoutineKind
from asyncmig.diff.entities.kinds.row_security import RowSecurityKind
from asyncmig.diff.entities.kinds.rules import RuleKind
from asyncmig.diff.entities.kinds.statistics import StatisticsKind
from asyncmig.diff.entities.kinds.triggers import TriggerKind
from asyncmig.diff.entities.kinds.views import ViewKind
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.sql.quoting import comment_on, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.diff.entities.kinds.kind import EntityKind
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EntityOperations", "is_replaceable"]

_KINDS: dict[type[Entity], type[EntityKind[Any]]] = {
    Aggregate: AggregateKind,
    CompositeType: CompositeTypeKind,
    EventTrigger: EventTriggerKind,
    Extension: ExtensionKind,
    MaterializedView: MaterializedViewKind,
    Policy: PolicyKind,
    Routine: RoutineKind,
    RowSecurity: RowSecurityKind,
    Rule: RuleKind,
    Statistics: StatisticsKind,
    Trigger: TriggerKind,
    View: ViewKind,
}


def is_replaceable(before: Entity, after: Entity) -> bool:
    """True if PostgreSQL can change the entity in place, so that its dependents are kept."""
    return _KINDS[type(before)].is_replaceable(before, after)


class EntityOperations:
    """Makes operations from the entities of one catalog.

    Args:
        factory: makes items of that catalog.
    """

    def __init__(self, factory: SchemaItemFactory) -> None:
        self._factory = factory
        self._kinds = {item: kind(factory) for item, kind in _KINDS.items()}

    def create(self, entity: Entity) -> Iterator[MigrateOperation]:
        """Create an entity with its owner and comments, without grants."""
        kind = self._kinds[type(entity)]
        yield from kind.create(entity)
        if entity.owner is not None and kind.owned:
            owner = self._factory.quote(entity.owner)
            yield raw_sql(f"ALTER {kind.label(entity)} OWNER TO {owner}")
        yield from self._column_comments(None, entity)
        if entity.comment is not None:
            yield self._comment(entity)

    def drop(self, entity: Entity) -> Iterator[MigrateOperation]:
        """Drop an entity."""
        yield from self._kinds[type(entity)].drop(entity)

    def change(self, before: Entity, after: Entity) -> Iterator[MigrateOperation]:
        """Change an entity in place; only if ``is_replaceable``."""
        yield from self._kinds[type(after)].change(before, after)
        yield from self._column_comments(before, after)
        if before.comment != after.comment:
            yield self._comment(after)

    def _comment(self, entity: Entity) -> MigrateOperation:
        label = self._kinds[type(entity)].label(entity)
        return raw_sql(f"COMMENT ON {label} IS {literal(entity.comment)}")

    def _column_comments(self, before: Entity | None, after: Entity) -> Iterator[MigrateOperation]:
        old = dict(getattr(before, "column_comments", ()))
        new = dict(getattr(after, "column_comments", ()))
        place = self._factory.qualified(ObjectName(after.key.schema, after.key.name))
        for column in {**old, **new}:
            if old.get(column) != new.get(column):
                name = f"{place}.{self._factory.quote(column)}"
                yield raw_sql(comment_on("COLUMN", name, new.get(column)))
