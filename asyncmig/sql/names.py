"""The names in a statement, whatever they refer to, and the functions that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, string_value, tokens
from asyncmig.sql.reader import SqlName
from asyncmig.sql.slices import contains

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "VOLATILE_FUNCTIONS",
    "called_functions",
    "calls_function",
    "mentioned_names",
    "volatile_call",
]

VOLATILE_FUNCTIONS = frozenset(
    {
        "clock_timestamp", "currval", "gen_random_bytes", "gen_random_uuid", "gen_salt", "lastval", "nextval",
        "pg_current_xact_id", "pg_sleep", "random", "random_normal", "setseed", "setval", "timeofday",
        "txid_current", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4", "uuidv7",
    }
)  # fmt: skip
"""Those of PostgreSQL that people write in defaults, and those of uuid-ossp and pgcrypto."""

_NAMES = frozenset({Kind.WORD, Kind.QUOTED})


def mentioned_names(sql: str) -> frozenset[SqlName]:
    """Every word that may be a name, alone and with the word before its dot; keywords are included.

    Dollar-quoted bodies are read as SQL, too: a DO block names tables there.

    Example::

        >>> sorted(map(str, mentioned_names("DROP TABLE app.t")))
        ['app', 'app.t', 'drop', 't', 'table']
    """
    return frozenset(_names(sql))


def called_functions(expression: str) -> Iterator[str]:
    """The names of the functions that an expression calls, as the catalog holds them."""
    name = None
    for token in tokens(expression):
        if token.text == "(" and name is not None:
            yield name
        name = identifier_value(token.text) if token.kind in (Kind.WORD, Kind.QUOTED) else None


def volatile_call(expression: str, known: Mapping[str, str]) -> str | None:
    """The first volatile function that an expression calls.

    Args:
        expression: as written.
        known: volatility by name, of functions that were looked up; of the others, those of PostgreSQL
            and of its usual extensions are known.
    """
    for name in called_functions(expression):
        volatility = known.get(name) or ("v" if name in VOLATILE_FUNCTIONS else "i")
        if volatility == "v":
            return name
    return None


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
    schema: str | None = None
    for token in tokens(sql):
        if token.kind in _NAMES:
            name = identifier_value(token.text)
            if name:
                yield SqlName(None, name)
                if schema:
                    yield SqlName(schema, name)
            before = name
        elif token.kind is Kind.DOLLAR:
            yield from _names(string_value(token.text))
        schema = before if token.text == "." else None
