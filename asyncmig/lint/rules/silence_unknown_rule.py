"""A comment that allows a rule which does not exist."""

from __future__ import annotations

from asyncmig.lint.rule import Rule

__all__ = ["SilenceUnknownRule"]


class SilenceUnknownRule(Rule):
    """Reports `asyncmig: allow` with the name of no rule."""

    title = "`asyncmig: allow` of a rule that does not exist"
    why = "A typing error, or a rule of another tool. It allows nothing."
