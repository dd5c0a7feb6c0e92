"""Other names for columns in expressions that PostgreSQL has written.

The server writes each reference to a column as one word. The catalog says how many references an expression
has (``uses``), so a word that only looks like the column, such as the name of a type, is found out.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, tokens
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["index_body", "is_ambiguous", "is_named", "plain_default", "rename_columns"]

_OPERATORS = frozenset({"||", "+", "-", "*", "/", "="})


def rename_columns(sql: str, names: Mapping[str, str]) -> str:
    """An expression with other names for its columns.

    Args:
        sql: from ``pg_get_indexdef`` or ``pg_get_constraintdef``.
        names: the new name of each column.
    """
    parts: list[str] = []
    end = 0
    for token in tokens(sql):
        new = names.get(_name(token.kind, token.text))
        if new is not None:
            parts += [sql[end : token.start], identifier(new)]
            end = token.end
    return "".join((*parts, sql[end:]))


def is_ambiguous(sql: str, uses: Mapping[str, int]) -> bool:
    """True where a word of an expression looks like a column and is something else.

    Args:
        sql: the expression.
        uses: how often each column is used in it.
    """
    words = Counter(_name(token.kind, token.text) for token in tokens(sql))
    return any(words[name] != count for name, count in uses.items())


def index_body(definition: str) -> str:
    """What follows the table in an index's definition, from USING on."""
    found = (each for each in tokens(definition) if each.kind is Kind.WORD and each.text == "USING")
    return definition[next(found).start :]


def plain_default(expression: str) -> str:
    """A default without the cast of a constant to the old type: ``'open'`` for ``'open'::text``."""
    constant, *others = tokens(expression)
    texts = [token.text for token in others]
    is_cast = texts[:1] == ["::"] and texts.count("::") == 1 and _OPERATORS.isdisjoint(texts)
    return constant.text if constant.kind is Kind.STRING and is_cast else expression


def is_named(sql: str, name: str) -> bool:
    """True where a name occurs in a statement, outside of constants."""
    return any(
        token.kind in {Kind.QUOTED, Kind.WORD} and identifier_value(token.text) == name
        for token in tokens(sql)
    )


def _name(kind: Kind, text: str) -> str:
    if kind is Kind.QUOTED:
        return identifier_value(text) or ""
    return text if kind is Kind.WORD else ""
