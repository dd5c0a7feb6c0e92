"""Rows and bytes as people read them."""

from __future__ import annotations

__all__ = ["bytes_text", "rows_text", "size_text"]


def rows_text(rows: int) -> str:
    """``12 rows``, ``3.4 million rows``."""
    if rows < 10_000:
        return f"{rows} row{'s' if rows != 1 else ''}"
    if rows < 1_000_000:
        return f"{rows // 1000} thousand rows"
    if rows < 1_000_000_000:
        return f"{rows / 1_000_000:.1f} million rows"
    return f"{rows / 1_000_000_000:.1f} billion rows"


def bytes_text(size: int) -> str:
    """``8 kB``, ``3.1 GB``, as PostgreSQL counts them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 10_240:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} TB"


def size_text(table: str, rows: int | None, size: int | None, small: int) -> str:
    """What is known about the size of a table, for a message."""
    if rows is None:
        return f"size of {table} not known"
    text = f"{table} has {rows_text(rows)}"
    if size is not None:
        text += f", {bytes_text(size)}"
    return f"{text}: a small table" if rows <= small else text
