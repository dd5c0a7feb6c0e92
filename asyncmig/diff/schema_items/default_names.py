"""Names that PostgreSQL chooses for constraints, indexes and sequences; and names that are not taken yet."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from asyncmig.catalog.model import Catalog
    from asyncmig.catalog.object_name import ObjectName

__all__ = ["default_name", "free_name", "is_default_name", "temporary_names"]

_MAX_BYTES = 63


def default_name(table: str, columns: str, label: str) -> str:
    """``table_columns_label``, with the longer part truncated as PostgreSQL does it.

    Args:
        table: the name of the table.
        columns: names of columns joined by ``_``; empty for a primary key.
        label: ``pkey``, ``key``, ``fkey``, ``check``, ``excl`` or ``seq``.
    """
    first, second = table.encode(), columns.encode()
    available = _MAX_BYTES - len(label) - 1 - (1 if second else 0)
    while len(first) + len(second) > available:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = (part.decode(errors="ignore") for part in (first, second) if part)
    return "_".join((*parts, label))


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
