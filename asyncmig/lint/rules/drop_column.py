"""DROP COLUMN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DropColumn"]


class DropColumn(Rule):
    """Reports a column of an existing table that is dropped."""

    title = "DROP COLUMN of an existing table"
    hazards = ("22",)
    severity = Severity.WARNING
    why = (
        "It is quick, under ACCESS EXCLUSIVE, and it breaks running code: every query that names the"
        " column fails, and so do those of SQLAlchemy that select whole entities of a model which still"
        " has it. First deploy code whose models do not have the column, then drop it. Until then it may"
        " have to become nullable, so that new code can insert rows without it."
    )
    kinds = frozenset({ActionKind.DROP_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders DROP COLUMN note",),
        good=("ALTER TABLE orders ALTER COLUMN code DROP NOT NULL",),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, breaks="SELECT note FROM orders"),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None or action.column is None:
            return
        known = place.table(table)
        column = known.columns.get(action.column) if known else None
        if known is not None and known.complete and column is None and action.if_exists:
            return  # there is none
        alter = f"ALTER TABLE {relation_sql(action.relation)}"
        name = identifier(action.column)
        first = (
            (f"{alter} ALTER COLUMN {name} DROP NOT NULL",) if column and column.not_null else ()
        )
        yield Problem(
            message=f"drops {table}.{action.column}: running code that still uses it fails",
            table=table,
            suggestion=lines(
                *first,
                "-- in a later deployment, when no running code uses it any more:",
                f"{alter} DROP COLUMN {name}",
            ),
        )
