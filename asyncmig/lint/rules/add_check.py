"""ADD CHECK without NOT VALID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.suggest import name_for, not_valid
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddCheck"]


class AddCheck(Rule):
    """Reports a CHECK that is checked for all rows at once."""

    title = "ADD CHECK without NOT VALID"
    hazards = ("13",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "Every row is checked under ACCESS EXCLUSIVE: no other session reads or writes the table during"
        " that time. Add the constraint as NOT VALID, which counts for new rows at once, and validate it"
        " in a later transaction, which takes SHARE UPDATE EXCLUSIVE and blocks neither reads nor writes."
    )
    kinds = frozenset({ActionKind.ADD_CHECK})
    examples = Examples(
        bad=("ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0)",),
        good=(
            "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        check = action.new_constraint
        if table is None or check is None or check.not_valid or check.not_enforced:
            return
        yield Problem(
            message=f"blocks reads and writes of {table} while it checks every row",
            table=table,
            suggestion=safe_text(action, place)
            or not_valid(action, place, name_for(action.relation, "check")),
        )
