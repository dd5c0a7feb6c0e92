"""ADD UNIQUE or PRIMARY KEY without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddKey"]


class AddKey(Rule):
    """Reports a key whose index is built under ACCESS EXCLUSIVE."""

    title = "ADD UNIQUE or PRIMARY KEY that builds its index"
    hazards = ("17",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "The index of the constraint is built under ACCESS EXCLUSIVE, so no other session reads or writes"
        " the table until it is done. Build a unique index concurrently, and make the constraint of it"
        " with USING INDEX, which takes a moment."
    )
    kinds = frozenset({ActionKind.ADD_UNIQUE, ActionKind.ADD_PRIMARY_KEY})
    examples = Examples(
        bad=("ALTER TABLE orders ADD CONSTRAINT orders_code_key UNIQUE (code)",),
        good=(
            "CREATE UNIQUE INDEX CONCURRENTLY orders_code_key ON orders (code)",
            "ALTER TABLE orders ADD CONSTRAINT orders_code_key UNIQUE USING INDEX orders_code_key",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        key = action.new_constraint
        if table is None or key is None or key.index is not None:
            return
        words = "PRIMARY KEY" if action.kind is ActionKind.ADD_PRIMARY_KEY else "UNIQUE"
        yield Problem(
            message=f"blocks reads and writes of {table} while it builds the index of {words}",
            table=table,
            suggestion=safe_text(action, place)
            or "-- a unique index with the same columns and options, created concurrently; then ADD"
            f" CONSTRAINT ... {words} USING INDEX",
        )
