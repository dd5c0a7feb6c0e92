"""The names of types that give way to others under their own, until nothing has them any more."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING

from asyncmig.diff.server_names import server_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog, ObjectName

__all__ = ["retired_names"]


def retired_names(
    types: Iterable[ObjectName], before: Catalog, after: Catalog
) -> dict[ObjectName, str]:
    """For each type a name that nothing in its schema has: ``mood_old``, or ``mood_old2``."""
    found: dict[ObjectName, str] = {}
    taken = {*before.names, *after.names}
    for name in sorted(types):
        labels = chain(["old"], (f"old{number}" for number in count(2)))
        names = (name._replace(name=server_name(name.name, "", label)) for label in labels)
        free = next(item for item in names if item not in taken)
        taken.add(free)
        found[name] = free.name
    return found
