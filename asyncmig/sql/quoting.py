"""Identifiers and values as SQL text: the one module of the library that quotes.

Identifiers are quoted by the rule of SQLAlchemy's DDL compiler, so that text from both is the same.
Strings are plain constants: ``standard_conforming_strings`` is on in every session of a run.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["comment_on", "identifier", "literal", "qualified", "quoted", "text_array"]

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")

# reserved in some version of PostgreSQL (documentation, appendix C), as SQLAlchemy lists them
_RESERVED_WORDS = """
all analyse analyze and any array as asc asymmetric authorization between binary both case cast
check collate column constraint create cross current_catalog current_date current_role
current_schema current_time current_timestamp current_user default deferrable desc distinct do
else end except false fetch for foreign freeze from full grant group having ilike in initially
inner intersect into is isnull join leading left like limit localtime localtimestamp natural new
not notnull null of off offset old on only or order outer over overlaps placing primary
references returning right select session_user similar some symmetric table then to trailing true
union unique user using variadic verbose when where window with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def identifier(name: str) -> str:
    """A name, quoted where PostgreSQL needs it.

    Example:
        >>> identifier("users"), identifier("Users"), identifier("order")
        ('users', '"Users"', '"order"')
    """
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else quoted(name)


def quoted(name: str) -> str:
    """A name in double quotes, whether it needs them or not."""
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str | None, name: str) -> str:
    """A name with its schema, if it has one."""
    return f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)


def literal(value: str | float | bool | datetime | None) -> str:
    """A value as a constant; PostgreSQL stores no NUL character, and refuses a text that has one.

    Example:
        >>> literal("it's"), literal(None), literal(True)
        ("'it''s'", 'NULL', 'true')
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return f"'{value.isoformat()}'"
        case str():  # pragma: no branch - the last type
            return "'" + value.replace("'", "''") + "'"


def text_array(values: Iterable[str]) -> str:
    """Strings as a constant of type ``text[]``."""
    return "ARRAY[" + ", ".join(map(literal, values)) + "]::text[]"


def comment_on(kind: str, name: str, comment: str | None) -> str:
    """``COMMENT ON``; None removes the comment.

    Args:
        kind: the kind of object as SQL: ``TABLE``.
        name: its name as SQL, complete: ``app.users``, or ``i ON app.users`` for a trigger.
        comment: the text.
    """
    return f"COMMENT ON {kind} {name} IS {literal(comment)}"
