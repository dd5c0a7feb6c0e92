"""A change that needs a backfill which is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["UnfinishedBackfill"]

_NEEDS_ALL = frozenset(
    {ActionKind.SET_NOT_NULL, ActionKind.ADD_NOT_NULL, ActionKind.VALIDATE_CONSTRAINT}
    | {ActionKind.DROP_COLUMN, ActionKind.RENAME_COLUMN, ActionKind.ALTER_COLUMN_TYPE}
)


class UnfinishedBackfill(Rule):
    """Reports a change of a table whose rows are still being filled."""

    title = "change of a table with a backfill that is not done"
    hazards = ("44",)
    severity = Severity.ERROR
    needs_database = True
    why = (
        "A deferred backfill has not reached all rows, so NOT NULL or a constraint that counts on it"
        " fails, and a column that is dropped takes the rest of the values with it. Finish it first"
        " (asyncmig backfill run), and say so in the revision: op.require_backfill(name). It needs a"
        " database."
    )
    kinds = _NEEDS_ALL

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        waiting = place.schema.backfills.get(table, ()) if table else ()
        if not waiting:
            return
        yield Problem(
            message=f"{table} has a backfill that is not done: {', '.join(waiting)}",
            table=table,
            suggestion="\n".join(f'op.require_backfill("{name}")' for name in waiting),
            facts=place.facts,
        )
