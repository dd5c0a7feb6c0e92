"""Carriage returns within SQL that becomes a file.

Line ends of a file are nobody's: editors and git change them, and a reader takes all for the same. Where a
carriage return belongs to a value it has to be spelled.
"""

from __future__ import annotations

from asyncmig.sql.lexer import Kind, string_value, tokens

__all__ = ["escape_carriage_returns"]

_VALUES = frozenset({Kind.STRING, Kind.DOLLAR})


def escape_carriage_returns(sql: str) -> str:
    r"""The same with strings and bodies that hold carriage returns as ``E'...\r...'``.

    Example:
        >>> spelled_returns("SELECT 'a\r', 'b'")
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
