"""Volatile defaults, for which PostgreSQL rewrites the table to evaluate them for each row."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy.sql.elements import ClauseElement

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.sql.lexer import Kind, tokens
from asyncmig.sql.names import VOLATILE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import Column

    from asyncmig.sql.lexer import Token

__all__ = ["Evaluation", "default_evaluation"]

_DIALECT = MigrationDialect()
_VOLATILE = frozenset(map(str.upper, VOLATILE_FUNCTIONS))
_ONCE = frozenset(
    {
        "DATE_TRUNC",
        "LOWER",
        "MD5",
        "NOW",
        "ROUND",
        "STATEMENT_TIMESTAMP",
        "TIMEZONE",
        "TO_CHAR",
        "TRANSACTION_TIMESTAMP",
        "UPPER",
    }
)
_BEFORE_BRACKETS = re.compile(
    r"CURRENT_\w+|LOCAL\w+"
    r"|BIT|BPCHAR|CHAR|CHARACTER|DECIMAL|INTERVAL|NUMERIC|TIME|TIMESTAMP|TIMESTAMPTZ|VARCHAR|VARYING"
    r"|ALL|AND|ANY|AS|CASE|CAST|COALESCE|ELSE|EXTRACT|GREATEST|IN|LEAST|NOT|NULLIF|OR|ROW|THEN|WHEN"
    r"|ZONE"
)
"""Words before a parenthesis that are not functions: times, types with a size, expressions."""


class Evaluation(Enum):
    """How often PostgreSQL evaluates a default for existing rows."""

    ONCE = "once"
    FOR_EACH_ROW = "for each row"
    UNKNOWN = "unknown"
    """It calls a function whose volatility is unknown."""


def default_evaluation(column: Column[Any]) -> Evaluation:
    """How often the default of a new column is evaluated; once without a default."""
    default: Any = getattr(column.server_default, "arg", None)
    if not isinstance(default, ClauseElement):
        return Evaluation.ONCE
    called = set(_called(str(default.compile(dialect=_DIALECT)))) - _ONCE
    if called & _VOLATILE:
        return Evaluation.FOR_EACH_ROW
    return Evaluation.UNKNOWN if called else Evaluation.ONCE


def _called(sql: str) -> Iterator[str]:
    """The functions that an expression calls, in upper case."""
    before: Token | None = None
    for token in tokens(sql):
        if token.text == "(" and before is not None:
            if before.kind is Kind.QUOTED:
                yield before.text.strip('"').upper()
            elif before.kind is Kind.WORD and _BEFORE_BRACKETS.fullmatch(before.word) is None:
                yield before.word
        before = token
