"""Whether an expression calls a volatile function, as a default for which PostgreSQL rewrites the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["VOLATILE_FUNCTIONS", "called_functions", "volatile_call"]

VOLATILE_FUNCTIONS = frozenset(
    {
        *(
            "clock_timestamp",
            "currval",
            "gen_random_bytes",
            "gen_random_uuid",
            "gen_salt",
            "lastval",
        ),
        *(
            "nextval",
            "pg_current_xact_id",
            "pg_sleep",
            "random",
            "random_normal",
            "setseed",
            "setval",
        ),
        *(
            "timeofday",
            "txid_current",
            "uuid_generate_v1",
            "uuid_generate_v1mc",
            "uuid_generate_v4",
        ),
        *("uuidv4", "uuidv7"),
    }
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
        volatility = known.get(name) or ("v" if name in VOLATILE_FUNCTIONS else "i")
        if volatility == "v":
            return name
    return None
