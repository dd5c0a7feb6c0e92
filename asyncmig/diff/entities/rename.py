"""Entities after a rename: their keys, their needs, and their printed definitions.

It is not known how the server prints a view after a rename, with the old names as aliases. Such an entity
counts as changed, so that it is created again if it is managed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.entities import (
    ON_TABLES,
    ROUTINES,
    Aggregate,
    CompositeType,
    Entity,
    EntityKey,
    Grant,
    MaterializedView,
    Need,
    Policy,
    Routine,
    Rule,
    Statistics,
    Trigger,
    View,
)
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.printed_sql import with_label, with_object

if TYPE_CHECKING:
    from asyncmig.catalog.entities import Entities
    from asyncmig.diff.schema_items.rename import Rename

__all__ = ["is_predictable", "rename_entities"]

_CHANGED = " /* before a rename */"
_RELATIONS = frozenset({"relation", "column", "constraint"})
E = TypeVar("E", bound=Entity)


def rename_entities(entities: Entities, item: Rename) -> Entities:
    """Return the entities after a rename."""
    rename = _EntityRename(item)
    changed = [rename.entity(entity) for entity in entities.by_key.values()]
    grants = [rename.grant(grant) for grant in entities.grants.values()]
    return replace(
        entities,
        by_key={entity.key: entity for entity in changed},
        grants={grant.key: grant for grant in grants},
        table_needs={
            rename.table(name): frozenset(map(rename.need, needs))
            for name, needs in entities.table_needs.items()
        },
        owners={rename.place(place): owner for place, owner in entities.owners.items()},
    )


def is_predictable(entity: Entity) -> bool:
    """False for an entity whose printed definition after a rename is unknown."""
    texts = (getattr(entity, name, None) for name in ("query", "definition", "using", "check"))
    return not any(text is not None and text.endswith(_CHANGED) for text in texts)


class _EntityRename:
    def __init__(self, item: Rename) -> None:
        self._item = item
        self._old = ObjectName(item.schema, item.old)
        self._new = ObjectName(item.schema, item.new)

    def _text(self, sql: str) -> str:
        item = self._item
        match item.kind:
            case "table" | "enum" | "sequence":
                return with_object(sql, self._old, self._new)
            case "enum_value":
                return with_label(sql, item.place, item.old, item.new)
            case _:
                return sql

    def table(self, name: ObjectName) -> ObjectName:
        return self._new if self._item.kind == "table" and name == self._old else name

    def place(self, place: tuple[str, str, str]) -> tuple[str, str, str]:
        kind, schema, name = place
        if kind == self._item.kind and (schema, name) == self._old:
            return kind, schema, self._item.new
        return (kind, schema, self._text(name)) if kind in {"function", "procedure"} else place

    def need(self, need: Need) -> Need:
        item = self._item
        name = (need.schema, need.name)
        if need.kind in _RELATIONS and item.kind == "table" and name == self._old:
            return need._replace(name=item.new)
        if need.kind == "column" and item.kind == "column" and name == item.place:
            return need._replace(detail=item.new) if need.detail == item.old else need
        if need.kind == "constraint" and item.kind == "constraint" and name == item.place:
            return need._replace(detail=item.new) if need.detail == item.old else need
        if need.kind == "type" and item.kind == "enum" and name == self._old:
            return need._replace(name=item.new)
        if need.kind == "routine":
            return need._replace(detail=self._text(need.detail))
        return need

    def _key(self, key: EntityKey) -> EntityKey:
        detail = key.detail
        if key.kind in ROUTINES:
            return key._replace(detail=self._text(detail))
        if self._item.kind != "table" or key.schema != self._item.schema:
            return key
        if key.kind in ON_TABLES and detail == self._item.old:
            return key._replace(detail=self._item.new)
        if key.kind == "row_security" and key.name == self._item.old:
            return key._replace(name=self._item.new)
        return key

    def grant(self, grant: Grant) -> Grant:
        item, key = self._item, grant.key
        named = grant.object_kind == item.kind and key[1:3] == self._old
        if named:
            return replace(grant, key=key._replace(name=item.new))
        if grant.object_kind in {"function", "procedure"}:
            return replace(grant, key=key._replace(name=self._text(key.name)))
        if item.kind == "column" and key[1:3] == item.place and grant.column == item.old:
            parts = key.detail.split("\0")
            detail = "\0".join([parts[0], item.new, *parts[2:]])
            return replace(grant, key=key._replace(detail=detail), column=item.new)
        return grant

    def _is_reprinted(self, entity: Entity) -> bool:
        """True if a relation or column in its definition is renamed."""
        item = self._item
        if item.kind == "table":
            return any(
                need.kind in _RELATIONS and (need.schema, need.name) == self._old
                for need in entity.needs
            )
        return item.kind == "column" and Need("column", *item.place, item.old) in entity.needs

    def entity(self, entity: Entity) -> Entity:
        again = self._is_reprinted(entity)
        entity = replace(
            entity,
            key=self._key(entity.key),
            needs=frozenset(map(self.need, entity.needs)),
            partitioned=None if entity.partitioned is None else self.table(entity.partitioned),
        )
        text, mark = self._text, _CHANGED if again else ""
        match entity:
            case View() | MaterializedView():
                columns = tuple(
                    column._replace(type=text(column.type)) for column in entity.columns
                )
                return replace(entity, query=text(entity.query) + mark, columns=columns)
            case Routine():
                return replace(
                    entity,
                    arguments=text(entity.arguments),
                    identity=text(entity.identity),
                    result=None if entity.result is None else text(entity.result),
                    definition=text(entity.definition) + (mark if entity.body is None else ""),
                )
            case Trigger() | Rule() | Statistics():
                return replace(entity, definition=text(entity.definition) + mark)
            case Policy() if again and self._item.kind == "column":
                using = None if entity.using is None else entity.using + mark
                check = None if entity.check is None else entity.check + mark
                return replace(entity, using=using, check=check)
            case Aggregate():
                return replace(
                    entity, arguments=text(entity.arguments), options=text(entity.options)
                )
            case CompositeType():
                attributes = {name: text(type_) for name, type_ in entity.attributes.items()}
                return replace(entity, attributes=attributes)
            case _:
                return entity
