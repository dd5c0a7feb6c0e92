"""Views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.catalog.entities import View
from asyncmig.diff.entities.kinds.kind import EntityKind
from asyncmig.diff.entities.kinds.options import keywords
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.operations.directives.views import CreateViewOp, DropViewOp, ReplaceViewOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["ViewKind"]


class ViewKind(EntityKind[View]):
    """Makes operations from views."""

    owned = True

    def create(self, entity: View) -> Iterator[MigrateOperation]:
        yield self._create(entity)
        for column, default in entity.column_defaults:
            yield raw_sql(
                f"ALTER VIEW {self._place(entity.key)} ALTER COLUMN {self._factory.quote(column)} "
                f"SET DEFAULT {self._factory.local(default)}"
            )

    def drop(self, entity: View) -> Iterator[MigrateOperation]:
        key = entity.key
        yield DropViewOp(key.name, schema=self._schema(key), original=self._create(entity))

    def change(self, before: View, after: View) -> Iterator[MigrateOperation]:
        if (before.query, before.options, before.columns) != (
            after.query,
            after.options,
            after.columns,
        ):
            create = self._create(after)
            yield ReplaceViewOp(
                create.view_name,
                create.definition,
                schema=create.schema,
                options=create.options,
                existing=self._create(before),
            )

    def label(self, entity: View) -> str:
        return f"VIEW {self._place(entity.key)}"

    @staticmethod
    def is_replaceable(before: View, after: View) -> bool:
        kept = after.columns[: len(before.columns)]
        return kept == before.columns and before.column_defaults == after.column_defaults

    def _create(self, view: View) -> CreateViewOp:
        return CreateViewOp(
            view.key.name,
            self._factory.local(view.query),
            schema=self._schema(view.key),
            options=keywords(view.options),
        )
