"""A comment that allows a finding and does not say why."""

from __future__ import annotations

from asyncmig.lint.rule import Rule

__all__ = ["SilenceWithoutReason"]


class SilenceWithoutReason(Rule):
    """Reports `asyncmig: allow` without a reason; it allows nothing."""

    title = "`asyncmig: allow` without a reason"
    why = (
        "The reason is for later readers of the script. Without one the comment allows nothing, and is a"
        " finding itself."
    )
