"""Triggers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from asyncmig.catalog.entities import Trigger
from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql, unwrapped
from asyncmig.operations.directives.triggers import CreateTriggerOp, DropTriggerOp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["TriggerKind"]

_TRIGGER = re.compile(
    r"""CREATE\ (?P<constraint>CONSTRAINT\ )?TRIGGER\ .+?
    \ (?P<moment>BEFORE|AFTER|INSTEAD\ OF)\ (?P<events>(?:INSERT|DELETE|UPDATE|TRUNCATE).*?)
    \ ON\ (?P<table>(?:"(?:[^"]|"")+"|[^\s".]+)\.(?:"(?:[^"]|"")+"|[^\s"]+))
    (?P<from>\ FROM\ .+?)?(?P<timing>\ (?:NOT\ )?DEFERRABLE.*?)?
    (?:\ REFERENCING\ (?P<referencing>.+?))?
    \ FOR\ EACH\ (?P<each>ROW|STATEMENT)(?:\ WHEN\ \((?P<when>.+)\))?
    \ EXECUTE\ FUNCTION\ (?P<function>.+)""",
    re.VERBOSE | re.DOTALL,
)


class TriggerKind(EntityKind[Trigger]):
    """Makes operations from triggers."""

    def create(self, entity: Trigger) -> Iterator[MigrateOperation]:
        yield self._create(entity, replace=False)
        if entity.fires != "origin":
            yield self._firing(entity)

    def drop(self, entity: Trigger) -> Iterator[MigrateOperation]:
        key = entity.key
        yield DropTriggerOp(key.name, key.detail, schema=self._schema(key))

    def change(self, before: Trigger, after: Trigger) -> Iterator[MigrateOperation]:
        if before.definition != after.definition:
            yield self._create(after, replace=True)
        if before.fires != after.fires or (
            before.definition != after.definition and after.fires != "origin"
        ):
            yield self._firing(after)

    def label(self, entity: Trigger) -> str:
        return f"TRIGGER {self._factory.quote(entity.key.name)} ON {self._table(entity.key)}"

    @staticmethod
    def is_replaceable(before: Trigger, after: Trigger) -> bool:
        same = before.definition == after.definition
        return same or not (before.constraint or after.constraint)

    def _create(self, trigger: Trigger, *, replace: bool) -> MigrateOperation:
        local = self._factory.local
        found = _TRIGGER.fullmatch(trigger.definition)
        if found is None or found["from"]:
            verb = "CREATE OR REPLACE" if replace else "CREATE"
            return raw_sql(local(trigger.definition).replace("CREATE", verb, 1))
        timing = found["timing"] or ""
        deferred = "DEFERRABLE" in timing and "NOT DEFERRABLE" not in timing
        return CreateTriggerOp(
            trigger.key.name,
            trigger.key.detail,
            cast("Any", found["moment"].lower()),
            [_event(event) for event in found["events"].split(" OR ")],
            local(found["function"]),
            schema=self._schema(trigger.key),
            for_each=cast("Any", found["each"].lower()),
            when=None if found["when"] is None else local(unwrapped(found["when"])),
            referencing=found["referencing"],
            replace=replace,
            constraint=found["constraint"] is not None,
            deferrable=True if deferred else None,
            initially="deferred" if "INITIALLY DEFERRED" in timing else None,
        )

    def _firing(self, trigger: Trigger) -> MigrateOperation:
        name = self._factory.quote(trigger.key.name)
        return raw_sql(
            f"ALTER TABLE {self._table(trigger.key)} {FIRING[trigger.fires]} TRIGGER {name}"
        )


def _event(event: str) -> str:
    verb, _, columns = event.partition(" OF ")
    return f"{verb.lower()} of {columns}" if columns else verb.lower()
