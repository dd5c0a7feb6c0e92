"""The entities of a ``MetaData``, kept in its ``info``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from asyncmig.entities.declared import from_alembic_utils
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.schema import MetaData

    from asyncmig.entities.declared import Entity

__all__ = ["entities_of", "register", "registered"]

_KEY = "asyncmig.entities"
_FOREIGN_REGISTRIES = (
    "alembic_utils.replaceable_entity",
    "asyncmig.alembic_compat.entity_facade.replaceable_entity",
)


def register(metadata: MetaData, *entities: Entity | object) -> None:
    """Declare entities beside the tables of a ``MetaData``.

    Args:
        metadata: keeps the entities in its ``info``.
        entities: those of ``asyncmig.entities``, or of alembic_utils.

    Raises:
        ConfigError: an object is not an entity.
    """
    metadata.info.setdefault(_KEY, []).extend(_checked(entities))


def entities_of(metadata: MetaData) -> tuple[Entity, ...]:
    """The entities of one ``MetaData``."""
    return tuple(metadata.info.get(_KEY, ()))


def registered(metadatas: Iterable[MetaData]) -> tuple[Entity, ...]:
    """The entities of these, and those of ``register_entities`` of alembic_utils."""
    found: list[Entity] = []
    for metadata in metadatas:
        found += entities_of(metadata)
    found += _checked(_alembic_utils_entities())
    return tuple(found)


def _checked(entities: Iterable[object]) -> Iterator[Entity]:
    for declared in entities:
        item: Any = from_alembic_utils(declared) or declared
        if not (callable(getattr(item, "sql", None)) and hasattr(item, "kind")):
            raise ConfigError(
                f"{type(declared).__name__} is not an entity",
                hint="register the classes of asyncmig.entities, or those of alembic_utils",
            )
        yield item


def _alembic_utils_entities() -> Iterator[object]:
    """The entities of alembic_utils' registry, if the application has imported it."""
    for name in _FOREIGN_REGISTRIES:
        registry = getattr(sys.modules.get(name), "registry", None)
        if registry is not None:
            yield from registry.entities()
