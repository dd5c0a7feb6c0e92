"""SET NOT NULL without a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import not_null_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["SetNotNull"]


class SetNotNull(Rule):
    """Reports NOT NULL on a column of an existing table that no valid constraint proves."""

    title = "SET NOT NULL that scans the table"
    hazards = ("12",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "PostgreSQL reads the whole table under ACCESS EXCLUSIVE, unless a valid CHECK (column IS NOT"
        " NULL) proves that there is no NULL. Add that CHECK as NOT VALID, validate it, which blocks"
        " neither reads nor writes, set NOT NULL, and drop the CHECK. From PostgreSQL 18 NOT NULL itself"
        " can be added as NOT VALID and validated. Where the column is not known, it is a warning."
    )
    kinds = frozenset({ActionKind.SET_NOT_NULL, ActionKind.ADD_NOT_NULL})
    examples = Examples(
        bad=("ALTER TABLE orders ALTER COLUMN status SET NOT NULL",),
        good=(
            "ALTER TABLE orders ADD CONSTRAINT orders_status_present CHECK (status IS NOT NULL) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_status_present",
            "ALTER TABLE orders ALTER COLUMN status SET NOT NULL",
            "ALTER TABLE orders DROP CONSTRAINT orders_status_present",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        new = action.new_constraint
        if table is None or (new is not None and new.not_valid):
            return
        column = action.column or (action.columns[0] if action.columns else None)
        if column is None:
            return
        known = place.table(table)
        if known is not None and known.proves_not_null(column):
            return
        message = f"blocks reads and writes of {table} while it looks for NULL in {column}"
        is_known = known is not None and column in known.columns
        yield Problem(
            message=message if is_known else f"{message}, unless it is NOT NULL already",
            table=table,
            severity=None if is_known else Severity.WARNING,
            suggestion=not_null_text(action, column, place),
            facts=place.facts if is_known else "sql",
        )
