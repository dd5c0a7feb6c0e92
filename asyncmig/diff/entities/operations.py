"""Entities as operations: created, dropped, and changed where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import (
    Aggregate,
    CompositeType,
    Entity,
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
from asyncmig.catalog.model import ObjectName
from asyncmig.diff.entities.kinds.aggregates import AggregateKind
from asyncmig.diff.entities.kinds.composite_types import CompositeTypeKind
from asyncmig.diff.entities.kinds.extensions import ExtensionKind
from asyncmig.diff.entities.kinds.kind import EntityKind, literal, raw
from asyncmig.diff.entities.kinds.materialized_views import MaterializedViewKind
from asyncmig.diff.entities.kinds.policies import PolicyKind
from asyncmig.diff.entities.kinds.routines import RoutineKind
from asyncmig.diff.entities.kinds.row_security import RowSecurityKind
from asyncmig.diff.entities.kinds.rules import RuleKind
from asyncmig.diff.entities.kinds.statistics import StatisticsKind
from asyncmig.diff.entities.kinds.triggers import TriggerKind
from asyncmig.diff.entities.kinds.views import ViewKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EntityOperations", "is_replaceable"]

_KINDS: dict[type[Entity], type[EntityKind[Any]]] = {
    Aggregate: AggregateKind,
    CompositeType: CompositeTypeKind,
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
    """True when PostgreSQL makes the one of the other where it stands, and what stands on it stays."""
    return _KINDS[type(before)].is_replaceable(before, after)


class EntityOperations:
    """Makes operations of what one catalog says of its entities.

    Args:
        objects: of that catalog.
    """

    def __init__(self, objects: SchemaItemFactory) -> None:
        self._objects = objects
        self._kinds = {item: kind(objects) for item, kind in _KINDS.items()}

    def create(self, entity: Entity) -> Iterator[MigrateOperation]:
        """All of an entity that does not exist; its rights are another matter."""
        kind = self._kinds[type(entity)]
        yield from kind.create(entity)
        if entity.owner is not None and kind.owned:
            owner = self._objects.quote(entity.owner)
            yield raw(f"ALTER {kind.label(entity)} OWNER TO {owner}")
        yield from self._column_comments(None, entity)
        if entity.comment is not None:
            yield self._comment(entity)

    def drop(self, entity: Entity) -> Iterator[MigrateOperation]:
        """What takes an entity away."""
        yield from self._kinds[type(entity)].drop(entity)

    def change(self, before: Entity, after: Entity) -> Iterator[MigrateOperation]:
        """What makes one entity of another where it stands; they are ``is_replaceable``."""
        yield from self._kinds[type(after)].change(before, after)
        yield from self._column_comments(before, after)
        if before.comment != after.comment:
            yield self._comment(after)

    def _comment(self, entity: Entity) -> MigrateOperation:
        text = "NULL" if entity.comment is None else literal(entity.comment)
        return raw(f"COMMENT ON {self._kinds[type(entity)].label(entity)} IS {text}")

    def _column_comments(self, before: Entity | None, after: Entity) -> Iterator[MigrateOperation]:
        old = dict(getattr(before, "column_comments", ()))
        new = dict(getattr(after, "column_comments", ()))
        place = self._objects.qualified(ObjectName(after.key.schema, after.key.name))
        for column in {**old, **new}:
            if old.get(column) != new.get(column):
                text = literal(new[column]) if column in new else "NULL"
                yield raw(f"COMMENT ON COLUMN {place}.{self._objects.quote(column)} IS {text}")
