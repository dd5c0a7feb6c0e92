"""ALTER COLUMN TYPE that rewrites the table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.lint.types import TypeChange, change_of_type
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AlterTypeRewrite"]


class AlterTypeRewrite(Rule):
    """Reports a change of type for which every row is written again."""

    title = "ALTER COLUMN TYPE that rewrites the table"
    hazards = ("10", "11")
    severity = Severity.ERROR
    by_size = True
    why = (
        "Most changes of a type convert every row: the table and all of its indexes are rewritten under"
        " ACCESS EXCLUSIVE. Free are: varchar to a greater length, or without one; varchar and text to"
        " each other without a length; numeric to a greater precision at the same scale; timestamps to a"
        " greater precision. timestamp to timestamptz is free only in sessions whose TimeZone is UTC, and"
        " is reported. Where the old type is not known, the finding is a warning and says so. The online"
        " way is a new column, kept in step by a trigger, filled in batches, and swapped by name."
    )
    kinds = frozenset({ActionKind.ALTER_COLUMN_TYPE})
    examples = Examples(
        bad=("ALTER TABLE orders ALTER COLUMN code TYPE bigint",),
        good=(
            "ALTER TABLE orders ADD COLUMN code_new bigint",
            "ALTER TABLE orders ALTER COLUMN note TYPE varchar(100)",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, rewrites=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or action.column is None or action.type is None:
            return
        known = place.table(table)
        column = known.columns.get(action.column) if known else None
        old = column.type if column else None
        change = change_of_type(old, action.type, using=_converts(action.expression, action.column))
        if column is not None and column.enum and change is TypeChange.UNKNOWN:
            change = TypeChange.REWRITE
        if change in (TypeChange.SAME, TypeChange.FREE):
            return
        name = f"{table}.{action.column}"
        if change is TypeChange.REWRITE:
            before = f" from {old}" if old else ""
            message = f"rewrites {table} to change {name}{before} to {action.type}"
        elif old is None:
            message = (
                f"may rewrite {table}: the type of {name} before it becomes {action.type} "
                "is not known"
            )
        else:
            message = (
                f"may rewrite {table}: whether {old} becomes {action.type} for free is not known"
            )
        yield Problem(
            message=message,
            table=table,
            severity=None if change is TypeChange.REWRITE else Severity.WARNING,
            suggestion=_suggestion(action),
            facts=place.facts if column else "sql",
        )


def _converts(using: str | None, column: str) -> bool:
    """Whether USING is more than the column itself, or a cast of it."""
    if using is None:
        return False
    plain = identifier(column)
    text = " ".join(using.strip().split())
    cast = rf"\(?\"?{re.escape(column)}\"?\)?(\s*::\s*[\w\s\".()\[\],]+)?"
    long_cast = rf"cast\s*\(\s*\"?{re.escape(column)}\"?\s+as\s+[\w\s\".()\[\],]+\)"
    return not (
        text == plain
        or re.fullmatch(cast, text, re.IGNORECASE)
        or re.fullmatch(long_cast, text, re.IGNORECASE)
    )


def _suggestion(action: Action) -> str:
    table = relation_sql(action.relation)
    column = identifier(action.column or "")
    new = identifier(f"{action.column}_new")
    return lines(
        f"ALTER TABLE {table} ADD COLUMN {new} {action.type}",
        f"-- a trigger keeps {new} equal to {column}; then fill the old rows in batches",
        f"-- in one short transaction: rename {column} away, and {new} to {column}",
    )
