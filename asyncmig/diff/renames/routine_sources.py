"""Sources of routines, which are texts to PostgreSQL: nothing in them is renamed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Routine
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.tables import RenameTableOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.catalog.entities import Entity, EntityKey
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["source_words", "warn_about_sources"]

_WORD = re.compile(r"\w+")


def source_words(entity: Entity | None) -> frozenset[str]:
    """The words in the source of a routine; none where the server reads the source and keeps track of it."""
    if isinstance(entity, Routine) and entity.body is not None:
        return frozenset(_WORD.findall(entity.body))
    return frozenset()


def warn_about_sources(
    operations: Iterable[MigrateOperation],
    renames: Collection[Rename],
    database: Catalog,
    models: Catalog,
) -> None:
    """Note at each rename of a table or column which routines go on saying the old name.

    Args:
        operations: of ``renames``, one each but for those that go along with another.
        renames: in order.
        database: as it is after them.
        models: what is to be reached.
    """
    staying = {
        key: words
        for key, item in models.entities.by_key.items()
        if database.entities.by_key.get(key) == item and (words := source_words(item))
    }
    tables = {item.new: item.old for item in renames if item.kind == "table"}
    own = [item for item in renames if not item.along]
    for item, operation in zip(own, operations, strict=True):
        if isinstance(operation, AlterColumnOp | RenameTableOp):
            table = item.place.name if item.kind == "column" else item.old
            names = {table, tables.get(table, table)}
            operation.named_in = tuple(
                _told(key, models)
                for key, words in staying.items()
                if item.old in words and not names.isdisjoint(words)
            )


def _told(key: EntityKey, catalog: Catalog) -> str:
    place = "" if key.schema == catalog.default_schema else f"{key.schema}."
    return f"{key.kind} {place}{key.name}({key.detail})"
