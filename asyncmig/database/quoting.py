"""Names and values of our own bookkeeping as SQL text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql.base import PGDialect

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["identifier", "literal", "qualified", "text_array"]

_PREPARER = PGDialect(paramstyle="named").identifier_preparer


def identifier(name: str) -> str:
    """A name, quoted where PostgreSQL needs it."""
    return _PREPARER.quote(name)


def qualified(schema: str | None, name: str) -> str:
    """A name in a schema."""
    return f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)


def literal(value: str | float | bool | datetime | None) -> str:
    """A value of the journal or version table as a literal (standard_conforming_strings is on)."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return f"'{value.isoformat()}'"
        case str():
            return "'" + value.replace("\0", "").replace("'", "''") + "'"


def text_array(values: Iterable[str]) -> str:
    """A text[] literal."""
    return "ARRAY[" + ", ".join(literal(value) for value in values) + "]::text[]"
