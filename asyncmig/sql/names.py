"""The names in a statement, whatever they refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, string_value, tokens
from asyncmig.sql.reader import SqlName
from asyncmig.sql.slices import contains

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["calls_function", "mentioned_names"]

_NAMES = frozenset({Kind.WORD, Kind.QUOTED})


def mentioned_names(sql: str) -> frozenset[SqlName]:
    """Every word that may be a name, alone and with the word before its dot; keywords are included.

    Dollar-quoted bodies are read as SQL, too: a DO block names tables there.

    Example::

        >>> sorted(map(str, mentioned_names("DROP TABLE app.t")))
        ['app', 'app.t', 'drop', 't', 'table']
    """
    return frozenset(_names(sql))


def calls_function(sql: str, function: str, *, bodies: bool = False) -> bool:
    """Whether a function of that name is called, in whatever schema it is.

    Args:
        sql: the text of one statement or several.
        function: the name without a schema, as PostgreSQL stores it.
        bodies: read string constants and dollar-quoted bodies as SQL, too.

    Example::

        >>> calls_function("SELECT pg_catalog.NOW ()", "now")
        True
    """
    if not contains(sql, function):
        return False
    named = False
    for token in tokens(sql):
        if named and token.text == "(":
            return True
        named = token.kind in _NAMES and identifier_value(token.text) == function
        is_body = bodies and token.kind in (Kind.STRING, Kind.DOLLAR)
        if is_body and calls_function(string_value(token.text), function, bodies=True):
            return True
    return False


def _names(sql: str) -> Iterator[SqlName]:
    before: str | None = None
    dotted = False
    for token in tokens(sql):
        if token.kind in _NAMES:
            name = identifier_value(token.text)
            if name:
                yield SqlName(None, name)
                if dotted and before:
                    yield SqlName(before, name)
            before = name
        elif token.kind is Kind.DOLLAR:
            yield from _names(string_value(token.text))
        dotted = token.text == "."
