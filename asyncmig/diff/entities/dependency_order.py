"""Which entities depend on which, and the order in which they are created."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import ROUTINES, EntityKey, Need, Routine
from asyncmig.diff.schema_items.topological_order import topological_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from asyncmig.catalog.entities import Entity

__all__ = [
    "creation_order",
    "dependencies",
    "dependents",
    "providers",
    "source_words",
    "with_resolved_overloads",
]

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
            "event_trigger",
        )
    )
}
_WORD = re.compile(r"\w+")


def providers(needs: Iterable[Need], entities: Mapping[EntityKey, Entity]) -> Iterator[EntityKey]:
    """The entities among these that satisfy needs."""
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


def with_resolved_overloads(entities: Mapping[EntityKey, Entity]) -> dict[EntityKey, Entity]:
    """The entities, with needs for a missing overload replaced by needs for the overloads that exist.

    The models are built beside the database, where a call may resolve to an overload of the database that the
    models do not have.
    """
    named: dict[tuple[str, str], list[EntityKey]] = {}
    for key in entities:
        if key.kind in ROUTINES:
            named.setdefault((key.schema, key.name), []).append(key)

    def resolved(need: Need) -> Iterator[Need]:
        overloads = named.get((need.schema, need.name), ()) if need.kind == "routine" else ()
        if not overloads or any(key.detail == need.detail for key in overloads):
            yield need
        else:
            yield from (need._replace(detail=key.detail) for key in overloads)

    found = {}
    for key, entity in entities.items():
        needs = frozenset(chain.from_iterable(map(resolved, entity.needs)))
        found[key] = entity if needs == entity.needs else replace(entity, needs=needs)
    return found


def dependencies(
    first: Iterable[EntityKey], entities: Mapping[EntityKey, Entity]
) -> set[EntityKey]:
    """These entities, and all that they depend on."""
    return _reachable(first, entities, lambda key: providers(entities[key].needs, entities))


def dependents(first: Iterable[EntityKey], entities: Mapping[EntityKey, Entity]) -> set[EntityKey]:
    """These entities, and all that depend on them."""
    direct: dict[EntityKey, list[EntityKey]] = {}
    for key, entity in entities.items():
        for provider in providers(entity.needs, entities):
            if provider != key:
                direct.setdefault(provider, []).append(key)
    return _reachable(first, entities, lambda key: direct.get(key, ()))


def _reachable(
    first: Iterable[EntityKey],
    entities: Mapping[EntityKey, Entity],
    following: Callable[[EntityKey], Iterable[EntityKey]],
) -> set[EntityKey]:
    return set(topological_order([key for key in first if key in entities], following))


def creation_order(
    keys: Collection[EntityKey], entities: Mapping[EntityKey, Entity]
) -> list[EntityKey]:
    """Entities after those that they depend on, otherwise by kind and name."""
    chosen = {key: entities[key] for key in keys}
    names: dict[str, list[EntityKey]] = {}
    for key in sorted(chosen):
        names.setdefault(key.name, []).append(key)

    def below(key: EntityKey) -> list[EntityKey]:
        entity = chosen[key]
        found = sorted(providers(entity.needs, chosen))
        if isinstance(entity, Routine) and entity.language == "sql" and entity.body is not None:
            # PostgreSQL looks into the source when it creates the function, but records no dependency
            words = dict.fromkeys(_WORD.findall(entity.body))
            found += [other for word in words for other in names.get(word, ()) if other != key]
        return found

    ranked = sorted(chosen, key=lambda key: (_RANK.get(key.kind, 0), key))
    return topological_order(ranked, below)


def source_words(entity: Entity | None) -> frozenset[str]:
    """The words in the source of a routine; none if PostgreSQL parses the source and tracks what it uses."""
    if isinstance(entity, Routine) and entity.body is not None:
        return frozenset(_WORD.findall(entity.body))
    return frozenset()
