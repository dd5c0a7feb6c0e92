"""Recognizing the names that PostgreSQL chooses, and names that are not taken yet."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

from asyncmig.sql.default_names import default_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from asyncmig.catalog.model import Catalog
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["free_name", "is_default_name", "temporary_names"]


def is_default_name(name: str, table: str, columns: Sequence[str], label: str) -> bool:
    """True for a name that PostgreSQL would choose, including the number that makes it unique."""
    joined = "" if label == "pkey" else "_".join(columns)
    number = re.search(r"\d*$", name)
    numbered = f"{label}{number.group()}" if number else label
    return name in {default_name(table, joined, label), default_name(table, joined, numbered)}


def temporary_names(
    types: Iterable[ObjectName], before: Catalog, after: Catalog
) -> dict[ObjectName, str]:
    """For each replaced type, the name of the old type until it is dropped: ``mood_old`` or ``mood_old2``."""
    found: dict[ObjectName, str] = {}
    taken = {*before.names, *after.names}
    for name in sorted(types):
        free = free_name(name, "old", taken)
        taken.add(free)
        found[name] = free.name
    return found


def free_name(name: ObjectName, label: str, taken: Container[ObjectName]) -> ObjectName:
    """The name with ``_label`` appended, and a number if that is taken; truncated as PostgreSQL does it."""
    labels = chain([label], (f"{label}{number}" for number in count(2)))
    names = (name._replace(name=default_name(name.name, "", item)) for item in labels)
    return next(item for item in names if item not in taken)
