"""The text of a server's error as libpq writes it, and its fields by psycopg2's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    import asyncpg

__all__ = ["Diagnostics", "message_text"]

_WIDTH = 60
"""Columns of the query that libpq shows."""
_RIGHT = 10
"""... and how many of them at least from the error's place on."""


class Diagnostics:
    """``diag`` of an error: every field is a text, or None.

    Args:
        error: the server's.
    """

    _FIELDS = {  # noqa: RUF012 - read only
        "column_name": "column_name",
        "constraint_name": "constraint_name",
        "context": "context",
        "datatype_name": "data_type_name",
        "internal_position": "internal_position",
        "internal_query": "internal_query",
        "message_detail": "detail",
        "message_hint": "hint",
        "message_primary": "message",
        "schema_name": "schema_name",
        "severity": "severity",
        "severity_nonlocalized": "severity_en",
        "source_file": "server_source_filename",
        "source_function": "server_source_function",
        "source_line": "server_source_line",
        "sqlstate": "sqlstate",
        "statement_position": "position",
        "table_name": "table_name",
    }

    def __init__(self, error: asyncpg.PostgresError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        field = self._FIELDS.get(name)
        if field is None:
            # asyncpg's own names, for scripts that know the driver beneath
            return getattr(self._error, name)
        value = getattr(self._error, field, None)
        return None if value is None else str(value)

    def __dir__(self) -> list[str]:
        return sorted(self._FIELDS)


def message_text(error: asyncpg.PostgresError, query: str | None = None) -> str:
    """The message with its place, detail, hint and context, a line each, as libpq has it.

    Args:
        error: the server's.
        query: the text that was sent; None takes what the driver kept.
    """
    fields = Diagnostics(error)
    lines = [f"{fields.severity or 'ERROR'}:  {fields.message_primary or error}"]
    sent = query or getattr(error, "query", None)
    if fields.statement_position and sent:
        lines += _place(sent, int(fields.statement_position))
    elif fields.internal_position and fields.internal_query:
        lines += _place(fields.internal_query, int(fields.internal_position))
    elif fields.internal_query:
        lines.append(f"QUERY:  {fields.internal_query}")
    if fields.message_detail:
        lines.append(f"DETAIL:  {fields.message_detail}")
    if fields.message_hint:
        lines.append(f"HINT:  {fields.message_hint}")
    if fields.internal_position and fields.internal_query:
        lines.append(f"QUERY:  {fields.internal_query}")
    if fields.context:
        lines.append(f"CONTEXT:  {fields.context}")
    return "\n".join(lines) + "\n"


def _place(query: str, position: int) -> Iterator[str]:
    """The line of the query, cut to a readable width, and a caret below the place."""
    start = query.rfind("\n", 0, position - 1) + 1
    end = query.find("\n", position - 1)
    line = query[start : len(query) if end < 0 else end].replace("\t", " ").rstrip("\r")
    at = position - 1 - start
    left, right = 0, len(line)
    if _width(line) > _WIDTH:
        if _width(line[:at]) + _RIGHT > _WIDTH:
            while _width(line[at:right]) > _RIGHT:
                right -= 1
            while _width(line[left:right]) > _WIDTH:
                left += 1
        while _width(line[left:right]) > _WIDTH:
            right -= 1
    before, after = ("..." if left else ""), ("..." if right < len(line) else "")
    number = f"LINE {query.count(chr(10), 0, start) + 1}: "
    yield f"{number}{before}{line[left:right]}{after}"
    yield " " * (len(number) + len(before) + _width(line[left:at])) + "^"


def _width(text: str) -> int:
    """The columns that a terminal gives to a text."""
    return sum(
        2 if east_asian_width(letter) in {"W", "F"} else not combining(letter) for letter in text
    )
