"""The way back of a revision that renames.

Tables are compared under the new names, which both sides share then. What the server prints of an entity
after a rename is not foretold, but how it printed it before is known: so entities that change are dropped
under the new names, and created, after the old names are back, as they were.

A function's source is a text, in which nothing is renamed: where one comes back that says an old name, the
names come back first, since a default or check of a table may call it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.compare import compare, compare_before_new_entities
from asyncmig.diff.renames.apply import apply_rename, is_taken
from asyncmig.diff.renames.apply_entities import rename_entities
from asyncmig.diff.renames.routine_sources import source_words
from asyncmig.diff.schema_items.rename import rename_operations, reversed_renames

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.entities import Entities
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.model_types import ModelTypes
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["downgrade_operations"]


def downgrade_operations(
    models: Catalog,
    database: Catalog,
    origin: Catalog,
    renames: Iterable[Rename],
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """What makes the database of the models again: under the new names, and from the renames on.

    Args:
        models: what the upgrade leads to.
        database: as it was, under the new names.
        origin: as it was.
        renames: in the upgrade's order; with none, the second list is empty.
        model_types: as for ``compare``.
        concurrent_indexes: likewise.
    """
    back = reversed_renames(renames)
    if not back:
        found = compare(models, database, model_types, concurrent_indexes=concurrent_indexes)
        return found, []
    if _says_old_names(origin, models, back) and (before := _under_old_names(models, back)):
        found = compare(before, origin, model_types, concurrent_indexes=concurrent_indexes)
        return [], [*rename_operations(back, origin), *found]
    until = compare_before_new_entities(
        models, database, model_types, concurrent_indexes=concurrent_indexes
    )
    left = _as_they_were(until.left, database.entities, origin.entities, back)
    entities = compare(replace(origin, entities=left), origin, model_types)
    return until.operations, [*rename_operations(back, origin), *entities, *until.last]


def _says_old_names(origin: Catalog, models: Catalog, back: Iterable[Rename]) -> bool:
    """The source of a routine that comes back has an old name in it."""
    wanted = models.entities.by_key
    words = {
        word
        for key, item in origin.entities.by_key.items()
        if wanted.get(key) != item
        for word in source_words(item)
    }
    return any(item.new in words for item in back)


def _under_old_names(models: Catalog, back: Iterable[Rename]) -> Catalog | None:
    """The models with the old names; None where something new has taken one of them."""
    for item in back:
        if is_taken(models, item):
            return None
        models = apply_rename(models, item)
    return models


def _as_they_were(
    left: Entities, database: Entities, origin: Entities, back: Iterable[Rename]
) -> Entities:
    """What is left, under the old names; what the upgrade did not change is what it was."""
    for item in back:
        left, database = rename_entities(left, item), rename_entities(database, item)
    return replace(
        left,
        by_key={
            key: origin.by_key.get(key, item) if database.by_key.get(key) == item else item
            for key, item in left.by_key.items()
        },
    )
