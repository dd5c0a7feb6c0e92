"""Whether an expression calls a volatile function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["called_functions", "volatile_call"]

_VOLATILE = frozenset(
    [
        "clock_timestamp",
        "timeofday",
        "random",
        "random_normal",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "nextval",
        "currval",
        "setval",
        "lastval",
        "txid_current",
        "pg_current_xact_id",
        "pg_sleep",
        "setseed",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
        "gen_random_bytes",
        "gen_salt",
    ]
)
"""Those of PostgreSQL that people write in defaults, and those of uuid-ossp and pgcrypto."""


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
        volatility = known.get(name) or ("v" if name in _VOLATILE else "i")
        if volatility == "v":
            return name
    return None
