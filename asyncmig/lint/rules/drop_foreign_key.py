"""DROP CONSTRAINT of a foreign key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DropForeignKey"]


class DropForeignKey(Rule):
    """Reports the drop of a foreign key that is not the only statement of its transaction."""

    title = "DROP CONSTRAINT of a foreign key, together with other statements"
    hazards = ("20",)
    severity = Severity.WARNING
    why = (
        "ACCESS EXCLUSIVE is taken on both tables, the referenced one too, which nothing in the statement"
        " names. It is quick; but both locks are held until the transaction ends. Drop a foreign key in a"
        " revision of its own. Of a constraint whose kind is not known nothing is said."
    )
    kinds = frozenset({ActionKind.DROP_CONSTRAINT})
    examples = Examples(
        setup="ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey"
        " FOREIGN KEY (customer_id) REFERENCES customers;",
        bad=(
            (
                "ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey;"
                " UPDATE orders SET note = 'moved' WHERE customer_id = 7"
            ),
        ),
        good=(
            "ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey",
            "UPDATE orders SET note = 'moved' WHERE customer_id = 7",
        ),
        claim=Claim(
            locks={"orders": "AccessExclusiveLock", "customers": "AccessExclusiveLock"},
            scans=("orders",),
        ),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        known = place.table(table) if table else None
        constraint = known.constraints.get(action.constraint or "") if known else None
        if table is None or constraint is None or constraint.kind is not ConstraintKind.FOREIGN_KEY:
            return
        if len(place.phase.statements) == 1 and len(place.actions) == 1:
            return
        other = constraint.references
        both = f"{table} and {other}" if other and other != table else table
        yield Problem(
            message=f"locks {both} against reads and writes until the transaction ends",
            table=table,
            suggestion=f"-- drop {constraint.name} in a revision of its own",
            facts=place.facts,
        )
