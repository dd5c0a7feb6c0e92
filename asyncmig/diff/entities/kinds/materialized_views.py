"""Materialized views, with their indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import MaterializedView
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.entities.kinds.options import keywords, printed_option
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.operations.directives.views import CreateMaterializedViewOp, DropMaterializedViewOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["MaterializedViewKind"]


class MaterializedViewKind(EntityKind[MaterializedView]):
    """Makes operations from materialized views."""

    owned = True

    def create(self, entity: MaterializedView) -> Iterator[MigrateOperation]:
        yield self._create(entity)
        for definition in entity.indexes.values():
            yield raw_sql(self._factory.local(definition))

    def drop(self, entity: MaterializedView) -> Iterator[MigrateOperation]:
        yield DropMaterializedViewOp(
            entity.key.name, schema=self._schema(entity.key), original=self._create(entity)
        )

    def change(
        self, before: MaterializedView, after: MaterializedView
    ) -> Iterator[MigrateOperation]:
        alter = f"ALTER MATERIALIZED VIEW {self._place(after.key)}"
        old, new = keywords(before.options) or {}, keywords(after.options) or {}
        gone = [name for name in old if name not in new]
        if gone:
            yield raw_sql(f"{alter} RESET ({', '.join(gone)})")
        changed = [
            f"{name} = {printed_option(value)}"
            for name, value in new.items()
            if old.get(name) != value
        ]
        if changed:
            yield raw_sql(f"{alter} SET ({', '.join(changed)})")
        for name, definition in before.indexes.items():
            if after.indexes.get(name) != definition:
                place = self._factory.qualified(ObjectName(after.key.schema, name))
                yield raw_sql(f"DROP INDEX {place}")
        for name, definition in after.indexes.items():
            if before.indexes.get(name) != definition:
                yield raw_sql(self._factory.local(definition))

    def label(self, entity: MaterializedView) -> str:
        return f"MATERIALIZED VIEW {self._place(entity.key)}"

    @staticmethod
    def is_replaceable(before: MaterializedView, after: MaterializedView) -> bool:
        return (before.query, before.columns, before.tablespace) == (
            after.query,
            after.columns,
            after.tablespace,
        )

    def _create(self, view: MaterializedView) -> CreateMaterializedViewOp:
        return CreateMaterializedViewOp(
            view.key.name,
            self._factory.local(view.query),
            schema=self._schema(view.key),
            options=keywords(view.options),
            tablespace=view.tablespace,
            with_data=view.populated,
        )
