"""Extended statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Statistics
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["StatisticsKind"]


class StatisticsKind(EntityKind[Statistics]):
    """Makes operations from extended statistics."""

    owned = True

    def create(self, entity: Statistics) -> Iterator[MigrateOperation]:
        yield raw_sql(self._factory.local(entity.definition))
        if entity.target is not None:
            yield self._aim(entity)

    def drop(self, entity: Statistics) -> Iterator[MigrateOperation]:
        yield raw_sql(f"DROP {self.label(entity)}")

    def change(self, before: Statistics, after: Statistics) -> Iterator[MigrateOperation]:
        if before.target != after.target:
            yield self._aim(after)

    def label(self, entity: Statistics) -> str:
        return f"STATISTICS {self._place(entity.key)}"

    @staticmethod
    def is_replaceable(before: Statistics, after: Statistics) -> bool:
        return before.definition == after.definition

    def _aim(self, entity: Statistics) -> MigrateOperation:
        target = -1 if entity.target is None else entity.target
        return raw_sql(f"ALTER {self.label(entity)} SET STATISTICS {target}")
