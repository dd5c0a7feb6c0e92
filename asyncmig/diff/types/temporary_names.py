"""Names for the time in which two things would have one: what gives way, and what takes its place."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING

from asyncmig.diff.renames.server_names import default_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from asyncmig.catalog.model import Catalog, ObjectName

__all__ = ["free_name", "temporary_names"]


def temporary_names(
    types: Iterable[ObjectName], before: Catalog, after: Catalog
) -> dict[ObjectName, str]:
    """For each type a name that nothing in its schema has: ``mood_old``, or ``mood_old2``."""
    found: dict[ObjectName, str] = {}
    taken = {*before.names, *after.names}
    for name in sorted(types):
        free = free_name(name, "old", taken)
        taken.add(free)
        found[name] = free.name
    return found


def free_name(name: ObjectName, label: str, taken: Container[ObjectName]) -> ObjectName:
    """A name with ``_label`` behind it that is not taken, cut as PostgreSQL would."""
    labels = chain([label], (f"{label}{number}" for number in count(2)))
    names = (name._replace(name=default_name(name.name, "", item)) for item in labels)
    return next(item for item in names if item not in taken)
