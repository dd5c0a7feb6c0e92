"""Rewrite rules, and when they apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Rule
from asyncmig.ddl.triggers import FIRING
from asyncmig.diff.entities.kinds.kind import EntityKind, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["RuleKind"]


class RuleKind(EntityKind[Rule]):
    """Makes operations of rewrite rules."""

    def create(self, entity: Rule) -> Iterator[MigrateOperation]:
        yield raw(self._objects.local(entity.definition))
        if entity.fires != "origin":
            yield self._firing(entity)

    def drop(self, entity: Rule) -> Iterator[MigrateOperation]:
        yield raw(f"DROP {self.label(entity)}")

    def change(self, before: Rule, after: Rule) -> Iterator[MigrateOperation]:
        if before.definition != after.definition:
            definition = self._objects.local(after.definition)
            yield raw(definition.replace("CREATE", "CREATE OR REPLACE", 1))
        if before.fires != after.fires:
            yield self._firing(after)

    def label(self, entity: Rule) -> str:
        return f"RULE {self._objects.quote(entity.key.name)} ON {self._table(entity.key)}"

    def _firing(self, rule: Rule) -> MigrateOperation:
        name = self._objects.quote(rule.key.name)
        return raw(f"ALTER TABLE {self._table(rule.key)} {FIRING[rule.fires]} RULE {name}")
