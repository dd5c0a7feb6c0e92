"""How a backfill makes room for other sessions that write: shorter batches, and pauses between them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asyncmig.backfill.options import BackfillOptions

__all__ = ["ConcurrentWriters"]

MEMORY = 2.0
"""Seconds for which a transaction that was seen counts: short transactions are met by few looks."""

SHORTEST_BATCH = 0.005
"""Seconds that a batch should take at least: of a shorter one, commit and round trips are the larger part."""

LONGEST_PAUSE = 1.0


class ConcurrentWriters:
    """The transactions of other sessions that write, as the batches have seen them.

    A transaction counts once: one that stays open for minutes does not show that an application is working.

    Args:
        options: how much of the time batches may take beside writers.
        clock: seconds.
    """

    def __init__(
        self, options: BackfillOptions, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._options = options
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._until: float | None = None

    @property
    def are_active(self) -> bool:
        """True while the backfill makes room for them."""
        return self._until is not None

    @property
    def batch_time(self) -> float:
        """How long the next batch should take, in seconds."""
        usual = self._options.batch_time
        return min(usual, max(SHORTEST_BATCH, usual * self._share)) if self.are_active else usual

    @property
    def reason(self) -> str:
        """What is said when they begin to be active."""
        percent = self._options.busy_percent
        return f"other sessions write in the database: its batches take {percent}% of the time"

    @property
    def _share(self) -> float:
        return self._options.busy_percent / 100

    def note(self, transactions: Iterable[str]) -> bool:
        """Take what the end of a batch has seen.

        Args:
            transactions: the virtual ids of the transactions that write now.

        Returns:
            True where this begins or ends their activity.
        """
        if self._share >= 1:
            return False
        now, before = self._clock(), self.are_active
        seen = frozenset(transactions)
        if seen - self._known:
            self._until = now + MEMORY
        elif self._until is not None and now >= self._until:
            self._until = None
        self._known = seen
        return self.are_active is not before

    def pause_after(self, elapsed: float) -> float:
        """How long to wait behind a batch that took ``elapsed`` seconds."""
        if not self.are_active:
            return 0.0
        return min(LONGEST_PAUSE, elapsed * (1 / self._share - 1))
