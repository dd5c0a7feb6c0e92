"""VALIDATE CONSTRAINT in the transaction that added the constraint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.schema.tables import key_of
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["ValidateInTransaction"]

_ADDS = frozenset({ActionKind.ADD_CHECK, ActionKind.ADD_FOREIGN_KEY, ActionKind.ADD_NOT_NULL})


class ValidateInTransaction(Rule):
    """Reports a constraint that is validated under the lock with which it was added."""

    title = "VALIDATE CONSTRAINT in the transaction that adds the constraint"
    hazards = ("15",)
    severity = Severity.ERROR
    by_size = True
    why = (
        "Locks are held until the end of the transaction, so the strong lock of ADD CONSTRAINT ... NOT"
        " VALID is held through the scan of VALIDATE, and NOT VALID has no advantage. Validate in a later"
        " revision, or commit between the two: in a Python script with op.execute('COMMIT')."
    )
    kinds = frozenset({ActionKind.VALIDATE_CONSTRAINT})
    examples = Examples(
        bad=(
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;"
                " ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check"
            ),
        ),
        good=(
            "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check",
        ),
        claim=Claim(locks={"orders": "AccessExclusiveLock"}, scans=("orders",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        table = place.existing(action.relation)
        if table is None:
            return
        before = [one for earlier in place.earlier for one in earlier.actions]
        for added in [*before, *place.actions]:
            same = added.relation is not None and key_of(added.relation) == table
            if added.kind in _ADDS and same and added.constraint == action.constraint:
                name = identifier(action.constraint or "")
                yield Problem(
                    message=f"validates {action.constraint} of {table} under the lock that added it",
                    table=table,
                    suggestion=lines(
                        "-- in a later revision, or behind a COMMIT:",
                        f"ALTER TABLE {relation_sql(action.relation)} VALIDATE CONSTRAINT {name}",
                    ),
                )
                return
