"""Routines whose source contains a renamed name: PostgreSQL renames nothing in their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.diff.entities.dependency_order import source_words
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.tables import RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["warn_about_sources"]


def warn_about_sources(
    operations: Iterable[MigrateOperation],
    renames: Collection[Rename],
    database: Catalog,
    models: Catalog,
) -> None:
    """Record at each rename of a table or column the routines that still contain the old name.

    Args:
        operations: the operations of ``renames``; inherited columns have none.
        renames: the renames in order.
        database: the database after the renames.
        models: the models.
    """
    unchanged = {
        key: words
        for key, item in models.entities.by_key.items()
        if database.entities.by_key.get(key) == item and (words := source_words(item))
    }
    tables = {item.new: item.old for item in renames if item.kind == "table"}
    own = [item for item in renames if not item.inherited]
    for item, operation in zip(own, operations, strict=True):
        if isinstance(operation, AlterColumnOp | RenameTableOp):
            table = item.place.name if item.kind == "column" else item.old
            names = {table, tables.get(table, table)}
            operation.named_in = tuple(
                key.describe(models.default_schema)
                for key, words in unchanged.items()
                if item.old in words and not names.isdisjoint(words)
            )
