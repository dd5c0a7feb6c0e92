"""ADD FOREIGN KEY without NOT VALID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.schema.tables import key_of
from asyncmig.lint.suggest import name_for, not_valid
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddForeignKey"]


class AddForeignKey(Rule):
    """Reports a foreign key that is checked for all rows at once."""

    title = "ADD FOREIGN KEY without NOT VALID"
    hazards = ("14",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "SHARE ROW EXCLUSIVE is taken on both tables, so that no session writes to either while every row"
        " is looked up. With NOT VALID the locks are as strong and held for a moment; VALIDATE CONSTRAINT,"
        " in a transaction of its own, then takes SHARE UPDATE EXCLUSIVE on the table and ROW SHARE on the"
        " referenced one, and blocks neither reads nor writes. A foreign key of a partitioned table cannot"
        " be NOT VALID before PostgreSQL 18: add it to each partition so first."
    )
    kinds = frozenset({ActionKind.ADD_FOREIGN_KEY})
    examples = Examples(
        bad=(
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey"
                " FOREIGN KEY (customer_id) REFERENCES customers (id)"
            ),
        ),
        good=(
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey"
                " FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID"
            ),
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey",
        ),
        claim=Claim(
            locks={"orders": "ShareRowExclusiveLock", "customers": "ShareRowExclusiveLock"},
            scans=("orders",),
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        key = action.new_constraint
        if table is None or key is None or key.references is None:
            return
        if key.not_valid or key.not_enforced:
            return
        parent = key_of(key.references)
        both = "" if parent == table or place.is_new(parent) else f" and {parent}"
        yield Problem(
            message=f"blocks writes to {table}{both} while it looks up every row",
            table=table,
            suggestion=safe_text(action, place)
            or not_valid(action, place, name_for(action.relation, *key.columns, "fkey")),
        )
