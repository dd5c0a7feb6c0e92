"""Carriage returns within SQL that becomes a file.

Editors and git change the line endings of files, and readers treat all of them alike. A carriage return that
belongs to a value is therefore written as an escape.
"""

from __future__ import annotations

from asyncmig.sql.lexer import Kind, string_value, tokens

__all__ = ["escape_carriage_returns"]

_VALUES = frozenset({Kind.STRING, Kind.DOLLAR})


def escape_carriage_returns(sql: str) -> str:
    r"""The same with strings and bodies that hold carriage returns as ``E'...\r...'``.

    Example:
        >>> escape_carriage_returns("SELECT 'a\r', 'b'")
        "SELECT E'a\\r', 'b'"
    """
    if "\r" not in sql:
        return sql
    pieces: list[str] = []
    position = 0
    for token in tokens(sql):
        if token.kind in _VALUES and "\r" in token.text:
            pieces += [sql[position : token.start], _spelled(string_value(token.text))]
            position = token.end
    return "".join([*pieces, sql[position:]])


def _spelled(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\r", "\\r")
    return f"E'{escaped}'"
