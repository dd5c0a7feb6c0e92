"""SET NOT NULL without a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.suggest import lines, name_for, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

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
        relation = relation_sql(action.relation)
        message = f"blocks reads and writes of {table} while it looks for NULL in {column}"
        is_known = known is not None and column in known.columns
        yield Problem(
            message=message if is_known else f"{message}, unless it is NOT NULL already",
            table=table,
            severity=None if is_known else Severity.WARNING,
            suggestion=not_null_steps(
                relation, column, name_for(action.relation, column, "present")
            ),
            facts=place.facts if is_known else "sql",
        )


def not_null_steps(relation: str, column: str, name: str) -> str:
    """NOT NULL without a scan under ACCESS EXCLUSIVE, on every version."""
    return lines(
        f"ALTER TABLE {relation} ADD CONSTRAINT {name} CHECK ({identifier(column)} IS NOT NULL) NOT VALID",
        f"ALTER TABLE {relation} VALIDATE CONSTRAINT {name}",
        f"ALTER TABLE {relation} ALTER COLUMN {identifier(column)} SET NOT NULL",
        f"ALTER TABLE {relation} DROP CONSTRAINT {name}",
    )
