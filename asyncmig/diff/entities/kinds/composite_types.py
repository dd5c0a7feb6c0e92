"""Composite types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import CompositeType
from asyncmig.diff.entities.kinds.kind import EntityKind, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["CompositeTypeKind"]


class CompositeTypeKind(EntityKind[CompositeType]):
    """Makes operations of composite types."""

    owned = True

    def create(self, entity: CompositeType) -> Iterator[MigrateOperation]:
        attributes = ", ".join(
            f"{self._objects.quote(name)} {self._objects.local(type_)}"
            for name, type_ in entity.attributes.items()
        )
        yield raw(f"CREATE TYPE {self._place(entity.key)} AS ({attributes})")

    def drop(self, entity: CompositeType) -> Iterator[MigrateOperation]:
        yield raw(f"DROP TYPE {self._place(entity.key)}")

    def change(self, before: CompositeType, after: CompositeType) -> Iterator[MigrateOperation]:
        alter = f"ALTER TYPE {self._place(after.key)}"
        quote, local = self._objects.quote, self._objects.local
        for name, type_ in after.attributes.items():
            existing = before.attributes.get(name)
            if existing is None:
                yield raw(f"{alter} ADD ATTRIBUTE {quote(name)} {local(type_)}")
            elif existing != type_:
                yield raw(f"{alter} ALTER ATTRIBUTE {quote(name)} TYPE {local(type_)}")
        for name in before.attributes:
            if name not in after.attributes:
                yield raw(f"{alter} DROP ATTRIBUTE {quote(name)}")

    def label(self, entity: CompositeType) -> str:
        return f"TYPE {self._place(entity.key)}"
