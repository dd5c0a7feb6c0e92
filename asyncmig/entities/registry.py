"""Where entities are collected: in ``MetaData.info``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from asyncmig.entities.declared import from_foreign
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.schema import MetaData

    from asyncmig.entities.declared import Entity

__all__ = ["declared_beside", "register", "registered"]

_KEY = "asyncmig.entities"
_FOREIGN_REGISTRIES = (
    "alembic_utils.replaceable_entity",
    "asyncmig.alembic_compat.entity_facade.replaceable_entity",
)


def register(metadata: MetaData, *entities: Entity | object) -> None:
    """Declare entities beside the tables of a ``MetaData``.

    Args:
        metadata: whose tables they belong to; it keeps them in its ``info``.
        entities: those of ``asyncmig.entities``, or of alembic_utils.

    Raises:
        ConfigError: something else was given.
    """
    metadata.info.setdefault(_KEY, []).extend(_checked(entities))


def declared_beside(metadata: MetaData) -> tuple[Entity, ...]:
    """What was registered with one ``MetaData``."""
    return tuple(metadata.info.get(_KEY, ()))


def registered(metadatas: Iterable[MetaData]) -> tuple[Entity, ...]:
    """What was declared beside these, and what alembic_utils' own ``register_entities`` collected."""
    found: list[Entity] = []
    for metadata in metadatas:
        found += declared_beside(metadata)
    found += _checked(_foreign())
    return tuple(found)


def _checked(entities: Iterable[object]) -> Iterator[Entity]:
    for declared in entities:
        item: Any = from_foreign(declared) or declared
        if not (callable(getattr(item, "sql", None)) and hasattr(item, "kind")):
            raise ConfigError(
                f"{type(declared).__name__} is no entity",
                hint="register the classes of asyncmig.entities, or those of alembic_utils",
            )
        yield item


def _foreign() -> Iterator[object]:
    """What a registry of alembic_utils holds, where an application has imported one."""
    for name in _FOREIGN_REGISTRIES:
        registry = getattr(sys.modules.get(name), "registry", None)
        if registry is not None:
            yield from registry.entities()
