"""Which columns the list behind SET changes, and which an expression may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from asyncmig.sql.lexer import Token

__all__ = ["assigned_columns", "names_in"]


def assigned_columns(assignments: str) -> frozenset[str]:
    """The columns on the left side of ``a = 1, (b, c) = (2, 3)``."""
    columns: set[str] = set()
    depth, left = 0, True
    for token in tokens(assignments):
        if token.kind is Kind.SYMBOL:
            depth += (token.text in "([") - (token.text in ")]")
            if depth == 0 and token.text in {",", "="}:
                left = token.text == ","
        elif left and (name := _name(token)):
            columns.add(name)
    return frozenset(columns)


def names_in(text: str) -> frozenset[str]:
    """All identifiers and words of an expression."""
    return frozenset(name for token in tokens(text) if (name := _name(token)))


def _name(token: Token) -> str | None:
    if token.kind is Kind.QUOTED:
        return identifier_value(token.text)
    return token.text.lower() if token.kind is Kind.WORD else None
