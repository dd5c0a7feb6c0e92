"""Names that PostgreSQL chooses for constraints, indexes and sequences without a name."""

from __future__ import annotations

__all__ = ["default_name"]

_MAX_BYTES = 63


def default_name(table: str, columns: str, label: str) -> str:
    """``table_columns_label``, with the longer part truncated as PostgreSQL does it.

    Args:
        table: the name of the table.
        columns: names of columns joined by ``_``; empty for a primary key.
        label: ``pkey``, ``key``, ``fkey``, ``idx``, ``check``, ``excl``, ``seq`` or ``not_null``.
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
