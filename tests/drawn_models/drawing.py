"""Chance, from a seed that Hypothesis draws.

A model takes hundreds of choices. Drawn by Hypothesis one by one, most models would be small.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Draw"]

T = TypeVar("T")


class Draw:
    """Gives the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def yes(self, chance: float = 0.5) -> bool:
        """True as often as that."""
        return self._random.random() < chance

    def one(self, items: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(items)

    def number(self, most: int) -> int:
        """From 0 to this one."""
        return self._random.randint(0, most)

    def some(self, items: Sequence[T], least: int, most: int) -> list[T]:
        """Several of them, each once, in any order; fewer where there are not as many."""
        count = self._random.randint(least, most)
        return self._random.sample(items, min(count, len(items)))
