"""Event triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import EventTrigger
from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EventTriggerKind"]


class EventTriggerKind(EntityKind[EventTrigger]):
    """Makes operations from event triggers."""

    def create(self, entity: EventTrigger) -> Iterator[MigrateOperation]:
        tags = ", ".join(map(literal, entity.tags))
        when = f" WHEN TAG IN ({tags})" if tags else ""
        function = self._factory.qualified(ObjectName(*entity.function))
        yield raw_sql(
            f"CREATE {self.label(entity)} ON {entity.event}{when} EXECUTE FUNCTION {function}()"
        )
        if entity.fires != "origin":
            yield self._firing(entity)

    def drop(self, entity: EventTrigger) -> Iterator[MigrateOperation]:
        yield raw_sql(f"DROP {self.label(entity)}")

    def change(self, before: EventTrigger, after: EventTrigger) -> Iterator[MigrateOperation]:
        if before.fires != after.fires:
            yield self._firing(after)

    def label(self, entity: EventTrigger) -> str:
        return f"EVENT TRIGGER {self._factory.quote(entity.key.name)}"

    @staticmethod
    def is_replaceable(before: EventTrigger, after: EventTrigger) -> bool:
        definition = before.event, before.tags, before.function
        return definition == (after.event, after.tags, after.function)

    def _firing(self, trigger: EventTrigger) -> MigrateOperation:
        return raw_sql(f"ALTER {self.label(trigger)} {FIRING[trigger.fires]}")
