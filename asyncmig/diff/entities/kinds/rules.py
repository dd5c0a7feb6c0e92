"""Rewrite rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Rule
from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["RuleKind"]


class RuleKind(EntityKind[Rule]):
    """Makes operations from rewrite rules."""

    def create(self, entity: Rule) -> Iterator[MigrateOperation]:
        yield raw_sql(self._factory.local(entity.definition))
        if entity.fires != "origin":
            yield self._firing(entity)

    def drop(self, entity: Rule) -> Iterator[MigrateOperation]:
        yield raw_sql(f"DROP {self.label(entity)}")

    def change(self, before: Rule, after: Rule) -> Iterator[MigrateOperation]:
        if before.definition != after.definition:
            definition = self._factory.local(after.definition)
            yield raw_sql(definition.replace("CREATE", "CREATE OR REPLACE", 1))
        if before.fires != after.fires:
            yield self._firing(after)

    def label(self, entity: Rule) -> str:
        return f"RULE {self._factory.quote(entity.key.name)} ON {self._table(entity.key)}"

    def _firing(self, rule: Rule) -> MigrateOperation:
        name = self._factory.quote(rule.key.name)
        return raw_sql(f"ALTER TABLE {self._table(rule.key)} {FIRING[rule.fires]} RULE {name}")
