"""Aggregate functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Aggregate
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["AggregateKind"]


class AggregateKind(EntityKind[Aggregate]):
    """Makes operations from aggregate functions."""

    owned = True

    def create(self, entity: Aggregate) -> Iterator[MigrateOperation]:
        yield raw_sql(f"CREATE {self.label(entity)} ({self._factory.local(entity.options)})")

    def drop(self, entity: Aggregate) -> Iterator[MigrateOperation]:
        yield raw_sql(f"DROP {self.label(entity)}")

    def label(self, entity: Aggregate) -> str:
        arguments = self._factory.local(entity.arguments)
        return f"AGGREGATE {self._place(entity.key)}({arguments})"

    @staticmethod
    def is_replaceable(before: Aggregate, after: Aggregate) -> bool:
        return (before.arguments, before.options) == (after.arguments, after.options)
