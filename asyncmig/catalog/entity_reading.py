"""Reads the entity query, and turns its rows into ``Entities``."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.catalog.entities import (
    Aggregate,
    CompositeType,
    Entities,
    Entity,
    EntityKey,
    EventTrigger,
    Extension,
    Grant,
    MaterializedView,
    Need,
    Owner,
    Policy,
    Routine,
    RowSecurity,
    Rule,
    Statistics,
    Trigger,
    View,
    ViewColumn,
)
from asyncmig.catalog.entity_queries import ENTITIES
from asyncmig.catalog.normalized_sql import normalized_sql
from asyncmig.catalog.object_name import ObjectName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asyncmig.catalog.reading import Fetch

__all__ = ["EntityRows", "entities_of", "read_entity_rows"]

EntityRows: TypeAlias = list[tuple[str, str]]
"""For each row of ``entity_queries.ENTITIES`` its kind and its value."""

_VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
_PARALLEL = {"s": "safe", "r": "restricted", "u": "unsafe"}
_FIRES = {"O": "origin", "D": "disabled", "R": "replica", "A": "always"}
_COMMANDS = {"*": "all", "r": "select", "a": "insert", "w": "update", "d": "delete"}


async def read_entity_rows(fetch: Fetch, schemas: Iterable[str]) -> EntityRows:
    """Read the entities of schemas with one query, regardless of their number.

    Args:
        fetch: runs a query in a session with an empty ``search_path``.
        schemas: the names of schemas.
    """
    return [(row["kind"], row["value"]) for row in await fetch(ENTITIES, list(schemas))]


def entities_of(rows: EntityRows) -> Entities:
    """Turn rows from ``read_entity_rows`` into values."""
    reader = _Reader()
    dependencies = []
    grants: dict[EntityKey, Grant] = {}
    owners: dict[tuple[str, str, str], Owner] = {}
    for kind, text in rows:
        value = json.loads(text)
        match kind:
            case "dependency":
                dependencies.append(value)
            case "grant":
                grant = _grant(value)
                grants[grant.key] = grant
            case "owner":
                place = (value["kind"], value["schema"], value["name"])
                owners[place] = Owner(value["owner"], value["role"])
            case _:
                reader.add(kind, value)
    return replace(reader.entities(dependencies, grants), owners=owners)


class _Reader:
    """Collects entities by oid, and then adds their dependencies, which refer to oids."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Entity] = {}

    def add(self, kind: str, row: Any) -> None:
        self._found[kind, row["oid"]] = _READERS[kind](row)

    def entities(self, dependencies: Iterable[Any], grants: dict[EntityKey, Grant]) -> Entities:
        needs: dict[tuple[str, int], set[Need]] = defaultdict(set)
        tables: dict[ObjectName, set[Need]] = defaultdict(set)
        for row in dependencies:
            if row["ref_name"] is None:
                continue
            need = Need(row["kind"], row["ref_schema"], row["ref_name"], row["ref_detail"])
            if row["dependent"] == "table":
                tables[ObjectName(row["schema"], row["name"])].add(need)
            else:
                needs[row["dependent"], row["oid"]].add(need)
        found = (
            replace(entity, needs=frozenset(needs.get(number, ()))) if number in needs else entity
            for number, entity in self._found.items()
        )
        return Entities(
            by_key={entity.key: entity for entity in sorted(found, key=lambda item: item.key)},
            grants=dict(sorted(grants.items())),
            table_needs={name: frozenset(items) for name, items in tables.items()},
        )


def _view(row: Any) -> Entity:
    columns = tuple(ViewColumn(*column[:3]) for column in row["columns"])
    comments = tuple((column[0], column[3]) for column in row["columns"] if column[3] is not None)
    defaults = tuple(
        (column[0], normalized_sql(column[4])) for column in row["columns"] if column[4] is not None
    )
    query = normalized_sql(row["query"].strip().removesuffix(";"))
    options = tuple(sorted(row["options"]))
    about: dict[str, Any] = {"comment": row["comment"], "owner": row["owner"]}
    if row["materialized"]:
        return MaterializedView(
            key=EntityKey("materialized_view", row["schema"], row["name"]),
            query=query,
            columns=columns,
            options=options,
            tablespace=row["tablespace"],
            indexes={name: normalized_sql(index) for name, index in dict(row["indexes"]).items()},
            populated=row["populated"],
            column_comments=comments,
            **about,
        )
    return View(
        key=EntityKey("view", row["schema"], row["name"]),
        query=query,
        columns=columns,
        options=options,
        column_comments=comments,
        column_defaults=defaults,
        **about,
    )


def _routine(row: Any) -> Routine:
    kind = "procedure" if row["procedure"] else "function"
    definition = row["definition"]
    return Routine(
        key=EntityKey(kind, row["schema"], row["name"], ", ".join(row["types"])),
        comment=row["comment"],
        owner=row["owner"],
        arguments=normalized_sql(row["arguments"]),
        identity=row["identity"],
        defaults=row["defaults"],
        result=row["result"],
        language=row["language"],
        body=row["body"],
        volatility=_VOLATILITY[row["volatility"]],
        strict=row["strict"],
        security_definer=row["security_definer"],
        leakproof=row["leakproof"],
        parallel=_PARALLEL[row["parallel"]],
        cost=row["cost"],
        rows=row["rows"],
        settings=tuple(row["settings"]),
        definition=definition if row["body"] is not None else normalized_sql(definition),
        plain=row["plain"],
        required=row["required"],
    )


def _normalized(sql: str | None) -> str | None:
    return None if sql is None else normalized_sql(sql)


def _partitioned(row: Any) -> ObjectName | None:
    above = row["partitioned"]
    return None if above is None else ObjectName(*above)


def _trigger(row: Any) -> Trigger:
    return Trigger(
        key=EntityKey("trigger", row["schema"], row["name"], row["table"]),
        partitioned=_partitioned(row),
        comment=row["comment"],
        definition=normalized_sql(row["definition"]),
        fires=_FIRES[row["fires"]],
        constraint=row["constraint"],
    )


def _aggregate(row: Any) -> Aggregate:
    return Aggregate(
        key=EntityKey("aggregate", row["schema"], row["name"], ", ".join(row["types"])),
        comment=row["comment"],
        owner=row["owner"],
        arguments=row["arguments"] or "*",
        options=row["options"],
    )


def _rule(row: Any) -> Rule:
    return Rule(
        key=EntityKey("rule", row["schema"], row["name"], row["table"]),
        partitioned=_partitioned(row),
        comment=row["comment"],
        definition=row["definition"].rstrip().removesuffix(";"),
        fires=_FIRES[row["fires"]],
    )


def _statistics(row: Any) -> Statistics:
    return Statistics(
        key=EntityKey("statistics", row["schema"], row["name"], row["table"]),
        partitioned=_partitioned(row),
        comment=row["comment"],
        owner=row["owner"],
        definition=row["definition"],
        target=row["target"],
    )


def _policy(row: Any) -> Policy:
    return Policy(
        key=EntityKey("policy", row["schema"], row["name"], row["table"]),
        partitioned=_partitioned(row),
        comment=row["comment"],
        permissive=row["permissive"],
        command=_COMMANDS[row["command"]],
        roles=tuple(row["roles"]),
        using=_normalized(row["using"]),
        check=_normalized(row["check"]),
    )


def _row_security(row: Any) -> RowSecurity:
    return RowSecurity(
        key=EntityKey("row_security", row["schema"], row["name"]),
        enabled=row["enabled"],
        forced=row["forced"],
    )


def _composite(row: Any) -> CompositeType:
    return CompositeType(
        key=EntityKey("composite_type", row["schema"], row["name"]),
        comment=row["comment"],
        owner=row["owner"],
        attributes=dict(row["attributes"]),
    )


def _event_trigger(row: Any) -> EventTrigger:
    schema, function = row["function_schema"], row["function"]
    return EventTrigger(
        key=EntityKey("event_trigger", "", row["name"]),
        comment=row["comment"],
        needs=frozenset({Need("routine", schema, function)}),
        event=row["event"],
        tags=tuple(sorted(row["tags"])),
        function=(schema, function),
        fires=_FIRES[row["fires"]],
    )


def _extension(row: Any) -> Extension:
    return Extension(
        key=EntityKey("extension", "", row["name"]), version=row["version"], schema=row["schema"]
    )


def _grant(row: Any) -> Grant:
    kind, privilege, column, role = row["kind"], row["privilege"], row["column"], row["role"]
    detail = "\0".join([kind, column or "", role or "", privilege])
    return Grant(
        key=EntityKey("grant", row["schema"], row["name"], detail),
        object_kind=kind,
        role=role,
        privilege=privilege,
        column=column,
        grantable=row["grantable"],
        implied=role is None and kind in {"function", "procedure"} and privilege == "EXECUTE",
    )


_READERS: dict[str, Callable[[Any], Entity]] = {
    "view": _view,
    "routine": _routine,
    "aggregate": _aggregate,
    "rule": _rule,
    "statistics": _statistics,
    "trigger": _trigger,
    "policy": _policy,
    "row_security": _row_security,
    "composite_type": _composite,
    "extension": _extension,
    "event_trigger": _event_trigger,
}
