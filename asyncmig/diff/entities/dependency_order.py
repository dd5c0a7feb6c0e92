"""Which entity stands on which: the order in which they come, and, backwards, go."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import ROUTINES, EntityKey, Need, Routine

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from asyncmig.catalog.entities import Entity

__all__ = ["creation_order", "dependents", "foundations", "on_overloads", "providers"]

_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            "composite_type",
            "function",
            "procedure",
            "aggregate",
            "view",
            "materialized_view",
            "row_security",
            "policy",
            "trigger",
            "rule",
            "statistics",
        )
    )
}
_WORD = re.compile(r"\w+")


def providers(needs: Iterable[Need], entities: Mapping[EntityKey, Entity]) -> Iterator[EntityKey]:
    """The entities among these that needs are about."""
    for need in needs:
        match need.kind:
            case "routine":
                keys = [
                    EntityKey(kind, need.schema, need.name, need.detail)
                    for kind in sorted(ROUTINES)
                ]
            case "type":
                keys = [EntityKey("composite_type", need.schema, need.name)]
            case _:
                keys = [
                    EntityKey(kind, need.schema, need.name)
                    for kind in ("view", "materialized_view")
                ]
        yield from (key for key in keys if key in entities)


def on_overloads(entities: Mapping[EntityKey, Entity]) -> dict[EntityKey, Entity]:
    """The entities, with calls that lead to none of these routines led to those of the same name.

    The models are built beside the database, and there a call may find the database's own overload, the
    better match, which they do not have.
    """
    named: dict[tuple[str, str], list[EntityKey]] = {}
    for key in entities:
        if key.kind in ROUTINES:
            named.setdefault((key.schema, key.name), []).append(key)

    def led(need: Need) -> Iterator[Need]:
        overloads = named.get((need.schema, need.name), ()) if need.kind == "routine" else ()
        if not overloads or any(key.detail == need.detail for key in overloads):
            yield need
        else:
            yield from (need._replace(detail=key.detail) for key in overloads)

    found = {}
    for key, entity in entities.items():
        needs = frozenset(chain.from_iterable(map(led, entity.needs)))
        found[key] = entity if needs == entity.needs else replace(entity, needs=needs)
    return found


def foundations(first: Iterable[EntityKey], entities: Mapping[EntityKey, Entity]) -> set[EntityKey]:
    """These, what they stand on, and so on."""
    found: set[EntityKey] = set()
    left = [key for key in first if key in entities]
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += providers(entities[key].needs, entities)
    return found


def dependents(first: Iterable[EntityKey], entities: Mapping[EntityKey, Entity]) -> set[EntityKey]:
    """These, what stands on them, and so on."""
    standing: dict[EntityKey, list[EntityKey]] = {}
    for key, entity in entities.items():
        for provider in providers(entity.needs, entities):
            if provider != key:
                standing.setdefault(provider, []).append(key)
    found: set[EntityKey] = set()
    left = [key for key in first if key in entities]
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += standing.get(key, ())
    return found


def creation_order(
    keys: Collection[EntityKey], entities: Mapping[EntityKey, Entity]
) -> list[EntityKey]:
    """Entities after those that they stand on; else by kind and name."""
    chosen = {key: entities[key] for key in keys}
    names: dict[str, list[EntityKey]] = {}
    for key in sorted(chosen):
        names.setdefault(key.name, []).append(key)
    ordered: dict[EntityKey, None] = {}
    open_: set[EntityKey] = set()
    for first in sorted(chosen, key=lambda key: (_RANK.get(key.kind, 0), key)):
        if first in ordered:
            continue
        open_.add(first)
        stack = [(first, iter(_below(chosen[first], chosen, names)))]
        while stack:
            key, rest = stack[-1]
            below = next((it for it in rest if it not in ordered and it not in open_), None)
            if below is None:
                stack.pop()
                ordered[key] = None
            else:
                open_.add(below)
                stack.append((below, iter(_below(chosen[below], chosen, names))))
    return list(ordered)


def _below(
    entity: Entity, chosen: Mapping[EntityKey, Entity], names: Mapping[str, list[EntityKey]]
) -> list[EntityKey]:
    found = sorted(providers(entity.needs, chosen))
    if isinstance(entity, Routine) and entity.language == "sql" and entity.body is not None:
        # the server looks into the source when it creates the function, but keeps no record of it
        words = dict.fromkeys(_WORD.findall(entity.body))
        found += [key for word in words for key in names.get(word, ()) if key != entity.key]
    return found
