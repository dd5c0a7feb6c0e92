"""Extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Extension
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.operations.directives.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["ExtensionKind"]


class ExtensionKind(EntityKind[Extension]):
    """Makes operations from extensions."""

    def create(self, entity: Extension) -> Iterator[MigrateOperation]:
        yield CreateExtensionOp(
            entity.key.name, schema=self._home(entity), version=entity.version or None
        )

    def drop(self, entity: Extension) -> Iterator[MigrateOperation]:
        yield DropExtensionOp(
            entity.key.name, schema=self._home(entity), version=entity.version or None
        )

    def change(self, before: Extension, after: Extension) -> Iterator[MigrateOperation]:
        alter = f"ALTER {self.label(after)}"
        if before.version != after.version:
            yield raw_sql(f"{alter} UPDATE TO {literal(after.version)}")
        if before.schema != after.schema:
            yield raw_sql(f"{alter} SET SCHEMA {self._factory.quote(after.schema)}")

    def label(self, entity: Extension) -> str:
        return f"EXTENSION {self._factory.quote(entity.key.name)}"

    def _home(self, extension: Extension) -> str | None:
        return self._factory.schema(ObjectName(extension.schema, ""))
