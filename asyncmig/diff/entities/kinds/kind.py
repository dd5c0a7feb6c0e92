"""The base class of the kinds of entities: how an entity becomes operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from asyncmig.catalog.entities import Entity
from asyncmig.catalog.object_name import ObjectName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.entities import EntityKey
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EntityKind"]

E = TypeVar("E", bound=Entity)


class EntityKind(ABC, Generic[E]):
    """Makes operations from entities of one kind.

    ``EntityOperations`` adds owner and comments, for which it uses ``label``.

    Args:
        factory: makes items of the catalog that contains the entities.
    """

    owned: ClassVar[bool] = False
    """``ALTER ... OWNER TO`` exists for the kind."""

    def __init__(self, factory: SchemaItemFactory) -> None:
        self._factory = factory

    @abstractmethod
    def create(self, entity: E) -> Iterator[MigrateOperation]:
        """Create an entity, without owner and comments."""

    @abstractmethod
    def drop(self, entity: E) -> Iterator[MigrateOperation]:
        """Drop an entity."""

    def change(self, before: E, after: E) -> Iterator[MigrateOperation]:  # noqa: ARG002
        """Change an entity in place, without comments; only if ``is_replaceable``."""
        yield from ()

    @abstractmethod
    def label(self, entity: E) -> str:
        """Kind and name as in ``COMMENT ON`` and ``ALTER``: ``VIEW shop.titles``."""

    @staticmethod
    def is_replaceable(before: E, after: E) -> bool:
        """True if PostgreSQL can change the entity in place, so that its dependents are kept."""
        return before.key == after.key

    def _schema(self, key: EntityKey) -> str | None:
        return self._factory.schema(ObjectName(key.schema, key.name))

    def _place(self, key: EntityKey) -> str:
        return self._factory.qualified(ObjectName(key.schema, key.name))

    def _table(self, key: EntityKey) -> str:
        """The table of a trigger, policy or rule."""
        return self._factory.qualified(ObjectName(key.schema, key.detail))
