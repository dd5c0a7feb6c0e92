"""A constraint that stays NOT VALID."""

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

    from asyncmig.lint.place import Revisions

__all__ = ["UnvalidatedConstraint"]


class UnvalidatedConstraint(Rule):
    """Reports a constraint that no statement validates."""

    title = "constraint that is added as NOT VALID and not validated"
    hazards = ("41",)
    severity = Severity.NOTE
    why = (
        "It counts for new rows; old rows may still break it, and the planner does not use it. Validate"
        " it in this deployment, in a transaction of its own, or in the next one."
    )
    examples = Examples(
        bad=("ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",),
        good=(
            "ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check",
        ),
        claim=Claim(
            shows="SELECT NOT convalidated FROM pg_constraint WHERE conname = 'orders_total_check'"
        ),
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        validated = {
            (key_of(action.relation), action.constraint)
            for place in revisions.places
            for action in place.actions
            if action.kind in (ActionKind.VALIDATE_CONSTRAINT, ActionKind.DROP_CONSTRAINT)
            and action.relation is not None
        }
        yield from self._left_before(revisions, validated)
        for place in revisions.places:
            for action in place.actions:
                new = action.new_constraint
                table = place.existing(action.relation)
                if table is None or new is None or not new.not_valid:
                    continue
                if new.name is None or (table, new.name) in validated:
                    continue
                yield Problem(
                    message=f"{new.name} of {table} is NOT VALID, and no statement here validates it",
                    table=table,
                    suggestion=lines(
                        f"ALTER TABLE {relation_sql(action.relation)} VALIDATE CONSTRAINT "
                        f"{identifier(new.name)}"
                    ),
                    origin=place.statement.origin,
                    revision=place.step.revision,
                )

    def _left_before(
        self, revisions: Revisions, validated: set[tuple[str, str | None]]
    ) -> Iterator[Problem]:
        """Constraints of the tables that the plan changes, which an earlier deployment left so."""
        added = {
            (key_of(action.relation), action.constraint)
            for place in revisions.places
            for action in place.actions
            if action.new_constraint is not None and action.relation is not None
        }
        reported: set[str] = set()
        for place in revisions.places:
            for table, _ in place.locks:
                known = place.table(table)
                if known is None or table in reported:
                    continue
                reported.add(table)
                for constraint in known.constraints.values():
                    key = (table, constraint.name)
                    if constraint.valid or key in validated or key in added:
                        continue
                    yield Problem(
                        message=f"{constraint.name} of {table} is NOT VALID since an earlier deployment",
                        table=table,
                        suggestion=lines(
                            f"ALTER TABLE {table} VALIDATE CONSTRAINT {identifier(constraint.name)}"
                        ),
                        facts=place.facts,
                        origin=place.statement.origin,
                        revision=place.step.revision,
                    )
