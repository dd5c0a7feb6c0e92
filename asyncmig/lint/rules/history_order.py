"""A revision inserted behind others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.rule import Problem, Rule
from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Revisions

__all__ = ["HistoryOrder"]


class HistoryOrder(Rule):
    """Reports a new revision that databases at the head never run."""

    title = "new revision behind existing ones"
    hazards = ("43",)
    severity = Severity.ERROR
    why = (
        "A database at the head has, for the runner, everything that is before it. A revision that is"
        " added behind another one is run by new databases, and never by those. Reported with --git-diff,"
        " which knows what is new. Give it the head as its down_revision."
    )

    def check_revisions(self, revisions: Revisions) -> Iterator[Problem]:
        """See ``why``."""
        added = revisions.circumstances.added
        if added is None:
            return
        for step in revisions.steps:
            if step.revision not in added:
                continue
            children = revisions.circumstances.children.get(step.revision, ())
            old = [child for child in children if child not in added]
            if old:
                yield Problem(
                    message=f"is new, and {', '.join(old)} follows it: databases that have {old[0]} "
                    f"never run {step.revision}",
                    suggestion="-- set its down_revision to the head",
                    origin=f"{step.path}:1" if step.path else None,
                    revision=step.revision,
                )
