"""Composite types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import CompositeType
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["CompositeTypeKind"]


class CompositeTypeKind(EntityKind[CompositeType]):
    """Makes operations from composite types."""

    owned = True

    def create(self, entity: CompositeType) -> Iterator[MigrateOperation]:
        attributes = ", ".join(
            f"{self._factory.quote(name)} {self._factory.local(type_)}"
            for name, type_ in entity.attributes.items()
        )
        yield raw_sql(f"CREATE TYPE {self._place(entity.key)} AS ({attributes})")

    def drop(self, entity: CompositeType) -> Iterator[MigrateOperation]:
        yield raw_sql(f"DROP TYPE {self._place(entity.key)}")

    def change(self, before: CompositeType, after: CompositeType) -> Iterator[MigrateOperation]:
        alter = f"ALTER TYPE {self._place(after.key)}"
        quote, local = self._factory.quote, self._factory.local
        for name, type_ in after.attributes.items():
            existing = before.attributes.get(name)
            if existing is None:
                yield raw_sql(f"{alter} ADD ATTRIBUTE {quote(name)} {local(type_)}")
            elif existing != type_:
                yield raw_sql(f"{alter} ALTER ATTRIBUTE {quote(name)} TYPE {local(type_)}")
        for name in before.attributes:
            if name not in after.attributes:
                yield raw_sql(f"{alter} DROP ATTRIBUTE {quote(name)}")

    def label(self, entity: CompositeType) -> str:
        return f"TYPE {self._place(entity.key)}"
