"""Pieces of the safe forms that findings suggest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action
    from asyncmig.sql.reader import SqlName

__all__ = [
    "column_list",
    "lines",
    "name_for",
    "not_valid",
    "relation_sql",
    "text_of",
    "with_concurrently",
]


def relation_sql(name: SqlName | None) -> str:
    """A relation as SQL."""
    return name.sql if name is not None else "..."


def name_for(name: SqlName | None, *parts: str) -> str:
    """A name for an object of that table, quoted where it needs it, and not longer than a name may be."""
    base = "_".join((name.name if name else "table", *parts))
    return identifier(base.encode()[:63].decode(errors="ignore"))


def column_list(columns: tuple[str, ...]) -> str:
    """``a, b`` as SQL."""
    return ", ".join(map(identifier, columns)) or "..."


def text_of(action: Action, place: Place) -> str:
    """The text of one action in its statement, on one line."""
    return " ".join(place.statement.sql[action.start : action.end].split())


def not_valid(action: Action, place: Place, name: str) -> str:
    """A constraint as it is written, added as NOT VALID and then validated.

    Args:
        action: adds the constraint.
        place: the statement.
        name: for a constraint without one.
    """
    only = "ONLY " if action.only else ""
    alter = f"ALTER TABLE {only}{relation_sql(action.relation)}"
    written = text_of(action, place)
    own = action.new_constraint.name if action.new_constraint else None
    if own is None:
        written = written.replace("ADD ", f"ADD CONSTRAINT {name} ", 1)
    constraint = name if own is None else identifier(own)
    return lines(f"{alter} {written} NOT VALID", f"{alter} VALIDATE CONSTRAINT {constraint}")


def with_concurrently(sql: str, keyword: str = "INDEX") -> str:
    """A statement with CONCURRENTLY behind the keyword."""
    changed = re.sub(
        rf"\b{keyword}\b",
        lambda found: f"{found[0]} CONCURRENTLY",
        sql,
        count=1,
        flags=re.IGNORECASE,
    )
    return " ".join(changed.split())


def lines(*statements: str) -> str:
    """Statements that are committed one by one, with a semicolon each."""
    return "\n".join(
        statement if statement.startswith("--") else f"{statement};" for statement in statements
    )
