"""A comment that allows what is not reported."""

from __future__ import annotations

from asyncmig.lint.rule import Rule

__all__ = ["SilenceUnused"]


class SilenceUnused(Rule):
    """Reports `asyncmig: allow` for which there is no finding."""

    title = "`asyncmig: allow` without a finding"
    why = (
        "The statement was changed or moved, or the comment is at the wrong place. Remove it, or it hides"
        " the next finding. Of a rule that needs a database nothing is said where none was asked."
    )
