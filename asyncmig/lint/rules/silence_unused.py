"""A comment that allows what is not reported."""

from __future__ import annotations

from asyncmig.lint.rule import Rule
from asyncmig.results.lint import Severity

__all__ = ["SilenceUnused"]


class SilenceUnused(Rule):
    """Reports `asyncmig: allow` for which there is no finding."""

    title = "`asyncmig: allow` without a finding"
    severity = Severity.NOTE
    why = (
        "The statement was changed or moved, or the comment is at the wrong place. Remove it, or it hides"
        " the next finding. A comment that the revision needs as a deployment of its own is not unused; of"
        " a rule that needs a database nothing is said where none was asked. It is a note, because a"
        " database can know what the text alone does not tell."
    )
