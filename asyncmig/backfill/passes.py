"""What follows when all rows of a table were read once. Nothing here is input or output."""

from __future__ import annotations

__all__ = ["MOST_PASSES", "end_of_pass"]

MOST_PASSES = 5
"""Passes over a table that the application keeps changing."""


def end_of_pass(*, left: bool, unchanged: int, failed: int, number: int) -> tuple[str | None, bool]:
    """Decide what follows a pass.

    Args:
        left: the condition is true for some row.
        unchanged: rows for which the condition was still true after they had been changed.
        failed: rows that were recorded and passed over.
        number: of the pass, from 1.

    Returns:
        What a person should know, and whether another pass follows.
    """
    if not left:
        return None, False
    if unchanged:
        return (
            f"the condition is still true for {unchanged} rows after they were changed, so it cannot show"
            " whether rows were added meanwhile"
        ), False
    if failed:
        return f"{failed} rows were refused and passed over", False
    if number >= MOST_PASSES:
        return (
            f"after {number} passes the condition is true for some rows again: the application writes them"
        ), False
    return f"rows were added or moved meanwhile: pass {number + 1}", True
