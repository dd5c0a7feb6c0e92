"""ADD COLUMN with CHECK, UNIQUE or PRIMARY KEY at the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddColumnInlineConstraint"]

_WORDS = {
    ConstraintKind.CHECK: "CHECK",
    ConstraintKind.UNIQUE: "UNIQUE",
    ConstraintKind.PRIMARY_KEY: "PRIMARY KEY",
}


class AddColumnInlineConstraint(Rule):
    """Reports a new column with a constraint that scans the table."""

    title = "ADD COLUMN with CHECK, UNIQUE or PRIMARY KEY"
    hazards = ("8",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The constraint is checked, or its index built, for all rows under the ACCESS EXCLUSIVE of ADD"
        " COLUMN, even where every row has the same constant default. Add the column first, the CHECK as"
        " NOT VALID and validate it in a later transaction; build a unique index concurrently and make the"
        " constraint of it."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN rating integer DEFAULT 3 CHECK (rating > 0)",),
        good=(
            "ALTER TABLE orders ADD COLUMN rating integer DEFAULT 3",
            "ALTER TABLE orders ADD CONSTRAINT orders_rating_check CHECK (rating > 0) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_rating_check",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        column = action.new_column
        if table is None or column is None:
            return
        found = [each for each in column.constraints if each.kind in _WORDS]
        if not found:
            return
        words = " and ".join(_WORDS[each.kind] for each in found)
        yield Problem(
            message=f"blocks reads and writes of {table} while it scans it for {words} of {column.name}",
            table=table,
            suggestion=safe_text(action, place)
            or "-- the column alone; then each constraint in a statement of its own, by its safe form",
        )
