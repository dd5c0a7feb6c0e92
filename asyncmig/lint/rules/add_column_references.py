"""ADD COLUMN with REFERENCES."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.safe_text import safe_text
from asyncmig.lint.schema.tables import key_of
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["AddColumnReferences"]


class AddColumnReferences(Rule):
    """Reports a new column with a foreign key."""

    title = "ADD COLUMN with REFERENCES"
    hazards = ("9",)
    severity = Severity.WARNING
    why = (
        "ADD COLUMN takes ACCESS EXCLUSIVE on the table, and the foreign key SHARE ROW EXCLUSIVE on the"
        " referenced one, both until the transaction ends: two tables are locked together, and with a"
        " default that is not NULL all rows are checked under these locks. Add the column, then the"
        " foreign key as NOT VALID, and validate it in a transaction of its own."
    )
    kinds = frozenset({ActionKind.ADD_COLUMN})
    examples = Examples(
        bad=("ALTER TABLE orders ADD COLUMN payer_id bigint REFERENCES customers (id)",),
        good=(
            "ALTER TABLE orders ADD COLUMN payer_id bigint",
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_payer_id_fkey FOREIGN KEY (payer_id)"
                " REFERENCES customers (id) NOT VALID"
            ),
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_payer_id_fkey",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock", "customers": "ShareRowExclusiveLock"}),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        column = action.new_column
        if table is None or column is None:
            return
        key = column.constraint(ConstraintKind.FOREIGN_KEY)
        if key is None or key.references is None:
            return
        parent = key_of(key.references)
        scans = column.default is not None and column.default.upper() != "NULL"
        what = " and checks every row" if scans else ""
        both = "" if parent == table or place.is_new(parent) else f" together with {parent}"
        yield Problem(
            message=f"locks {table}{both} for the foreign key of {column.name}{what}",
            table=table,
            severity=Severity.ERROR if scans else None,
            suggestion=safe_text(action, place)
            or "-- the column alone; the foreign key as NOT VALID; VALIDATE it in a later transaction",
        )
