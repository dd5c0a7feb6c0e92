"""The operations of a downgrade, with renames.

Tables are compared under their new names, which both sides have then. It is unknown how the server prints an
entity after a rename, but known how it printed it before. So entities that change are dropped under the new
names, and created as they were after the old names are restored.

Nothing is renamed in the source of a function. If a function is restored whose source contains an old name,
the old names are restored first, because the default or a CHECK of a table may call it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.compare import compare, compare_before_new_entities
from asyncmig.diff.entities.dependency_order import source_words
from asyncmig.diff.entities.rename import rename_entities
from asyncmig.diff.renames.apply import apply_rename, is_taken
from asyncmig.diff.schema_items.rename import rename_operations, reversed_renames

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.catalog.entities import Entities
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.normalize.sides import Sides
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["downgrade_operations"]


def downgrade_operations(
    sides: Sides, renames: Collection[Rename] = (), *, concurrent_indexes: bool = False
) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Return the operations from the models to the database: before the renames, and from the renames on.

    Args:
        sides: the database before and after the renames, and the models.
        renames: the renames in the order of the upgrade; if there are none, the second list is empty.
        concurrent_indexes: as for ``compare``.
    """
    origin, database, models = sides.origin, sides.actual, sides.wanted
    types = sides.models.types
    back = reversed_renames(renames)
    if not back:
        return compare(models, database, types, concurrent_indexes=concurrent_indexes), []
    if _restores_old_names(origin, models, back) and (before := _under_old_names(models, back)):
        found = compare(before, origin, types, concurrent_indexes=concurrent_indexes)
        return [], [*rename_operations(back, origin), *found]
    partial = compare_before_new_entities(
        models, database, types, concurrent_indexes=concurrent_indexes
    )
    left = _as_they_were(partial.left, database.entities, origin.entities, back)
    entities = compare(replace(origin, entities=left), origin, types)
    return partial.operations, [*rename_operations(back, origin), *entities, *partial.last]


def _restores_old_names(origin: Catalog, models: Catalog, back: Iterable[Rename]) -> bool:
    """True if the source of a restored routine contains an old name."""
    wanted = models.entities.by_key
    words = {
        word
        for key, item in origin.entities.by_key.items()
        if wanted.get(key) != item
        for word in source_words(item)
    }
    return any(item.new in words for item in back)


def _under_old_names(models: Catalog, back: Iterable[Rename]) -> Catalog | None:
    """The models under the old names; None if a new object has one of these names."""
    for item in back:
        if is_taken(models, item):
            return None
        models = apply_rename(models, item)
    return models


def _as_they_were(
    left: Entities, database: Entities, origin: Entities, back: Iterable[Rename]
) -> Entities:
    """``left`` under the old names, with entities that the upgrade does not change as in ``origin``."""
    for item in back:
        left, database = rename_entities(left, item), rename_entities(database, item)
    return replace(
        left,
        by_key={
            key: origin.by_key.get(key, item) if database.by_key.get(key) == item else item
            for key, item in left.by_key.items()
        },
    )
