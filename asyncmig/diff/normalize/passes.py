"""The passes that remove from both sides everything that is not a difference, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from asyncmig.diff.normalize.include_filters import apply_filters
from asyncmig.diff.normalize.retained_types import keep_used_types
from asyncmig.diff.normalize.unmanaged_entities import keep_unmanaged
from asyncmig.diff.normalize.unmodelled_properties import keep_constraint_names, keep_unmodelled
from asyncmig.diff.normalize.user_comparators import apply_user_comparators

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.diff.normalize.sides import Rules, Sides

    Pass: TypeAlias = Callable[[Sides, Rules], Sides]

__all__ = ["COMPARE_PASSES", "PAIR_PASSES", "run_passes"]

PAIR_PASSES: tuple[Pass, ...] = (keep_unmodelled, apply_filters)
"""Decide which objects are compared. They run once, and again after a rename, for the objects that have the
same name on both sides then."""

COMPARE_PASSES: tuple[Pass, ...] = (
    apply_user_comparators,
    keep_unmanaged,
    keep_constraint_names,
    keep_used_types,
)
"""Decide which differences count. They run once, after all renames."""


def run_passes(passes: tuple[Pass, ...], sides: Sides, rules: Rules) -> Sides:
    """Run passes one after the other."""
    for run in passes:
        sides = run(sides, rules)
    return sides
