"""A script that commits in the middle."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.plan.model import PhaseKind
from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Revisions

__all__ = ["TransactionControl"]


_TEXT = frozenset({"sql", "execute"})
"""Directives whose text may hold a COMMIT."""


class TransactionControl(Rule):
    """Reports a COMMIT of the script, after which a failure leaves a part of the revision."""

    title = "COMMIT in a script"
    hazards = ("38",)
    severity = Severity.NOTE
    why = (
        "asyncmig runs a revision in a transaction, together with the change of the version table. A"
        " COMMIT in the script divides it: if a later statement fails, what is before stays, and the"
        " revision is partial until the next run continues it. That is wanted between NOT VALID and"
        " VALIDATE; elsewhere leave transactions to the runner. ROLLBACK is refused by the planner, and"
        " BEGIN changes nothing."
    )
    examples = Examples(
        bad=("CREATE TABLE first (id bigint); COMMIT; CREATE TABLE second (id bigint)",),
        good=("CREATE TABLE first (id bigint); CREATE TABLE second (id bigint)",),
        claim=Claim(shows="SELECT to_regclass('first') IS NOT NULL", rolled_back=True),
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        for step in revisions.steps:
            for before, after in pairwise(step.phases):
                both = (before.kind, after.kind)
                if both != (PhaseKind.TRANSACTION, PhaseKind.TRANSACTION):
                    continue
                last, first = before.statements[-1], after.statements[0]
                if last.replaces is not None or first.replaces is not None:
                    continue  # a safe rewrite
                same = last.origin == first.origin and last.directive == first.directive
                if same and last.directive not in _TEXT:
                    continue  # one directive in several phases: the planner divides it
                yield Problem(
                    message="the script commits before this statement: what is before it stays if it fails",
                    origin=first.origin,
                    revision=step.revision,
                )
