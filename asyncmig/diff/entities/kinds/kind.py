"""What one kind of entity tells of itself to be made into operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from asyncmig.catalog.entities import Entity
from asyncmig.catalog.model import ObjectName
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.text_escaping import escape_backslashes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.entities import EntityKey
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["EntityKind", "literal", "raw"]

E = TypeVar("E", bound=Entity)


class EntityKind(ABC, Generic[E]):
    """Makes operations of entities of one kind.

    Owner and comment are no matter of a kind: they follow where it says how to name an entity.

    Args:
        objects: of the catalog that the entities are in.
    """

    owned: ClassVar[bool] = False
    """``ALTER ... OWNER TO`` exists for it."""

    def __init__(self, objects: SchemaItemFactory) -> None:
        self._objects = objects

    @abstractmethod
    def create(self, entity: E) -> Iterator[MigrateOperation]:
        """All of an entity that does not exist, but for owner and comments."""

    @abstractmethod
    def drop(self, entity: E) -> Iterator[MigrateOperation]:
        """What takes an entity away."""

    def change(self, before: E, after: E) -> Iterator[MigrateOperation]:  # noqa: ARG002
        """What makes one of another where it stands, but for comments; they are ``is_replaceable``."""
        yield from ()

    @abstractmethod
    def label(self, entity: E) -> str:
        """How ``COMMENT ON`` and ``ALTER`` call it: ``VIEW shop.titles``."""

    @staticmethod
    def is_replaceable(before: E, after: E) -> bool:
        """True when PostgreSQL makes the one of the other where it stands, and what stands on it stays."""
        return before.key == after.key

    def _schema(self, key: EntityKey) -> str | None:
        return self._objects.schema(ObjectName(key.schema, key.name))

    def _place(self, key: EntityKey) -> str:
        return self._objects.qualified(ObjectName(key.schema, key.name))

    def _table(self, key: EntityKey) -> str:
        """The table that a trigger or policy is on."""
        return self._objects.qualified(ObjectName(key.schema, key.detail))


def raw(sql: str) -> ExecuteSQLOp:
    """SQL as ``op.execute`` sends it: its colons are no parameters."""
    return ExecuteSQLOp(escape_backslashes(sql))


def literal(text: str) -> str:
    """A text within SQL."""
    return "'" + text.replace("'", "''") + "'"
