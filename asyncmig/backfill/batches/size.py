"""How many rows a batch has. Nothing here is input or output."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BatchSize"]

GROWTH = 1.2
"""A batch has at most so many times the rows of the one before it."""

SHRINKING = 0.5

TIMEOUTS_BEFORE_SPLIT = 3


@dataclass(slots=True, kw_only=True)
class BatchSize:
    """The size of the next batch, which follows the duration of those before it.

    Attributes:
        rows: of the next batch.
        target: how long a batch should take, in seconds.
        largest: the most rows of a batch.
        timeouts: how many batches in a row ran into a timeout.
    """

    rows: int
    target: float
    largest: int
    timeouts: int = 0
    _before_search: int | None = None

    def finished(self, scanned: int, elapsed: float) -> None:
        """A batch is committed.

        Args:
            scanned: the rows that it covered. The last batch of a range may be small; it says nothing about
                larger ones.
            elapsed: how long it took, in seconds.
        """
        self.timeouts = 0
        if self._before_search is not None or scanned < self.rows:
            return
        factor = min(GROWTH, max(SHRINKING, self.target / max(elapsed, 1e-6)))
        self.rows = max(1, min(self.largest, self._grown(factor)))

    def _grown(self, factor: float) -> int:
        grown = int(self.rows * factor)
        return grown + 1 if factor == GROWTH and grown == self.rows else grown

    def aim(self, target: float) -> None:
        """Batches should take ``target`` seconds from now on; smaller ones begin at once."""
        if target < self.target and self._before_search is None:
            self.rows = max(1, int(self.rows * target / self.target))
        self.target = target

    def blocked(self) -> None:
        """Other sessions waited for the rows of a batch: the next one is smaller."""
        if self._before_search is None:
            self.rows = max(1, int(self.rows * SHRINKING))

    def timed_out(self) -> bool:
        """A batch waited too long, or took too long, and was rolled back.

        Returns:
            True when the range should be split, since several timeouts followed each other.
        """
        self.timeouts += 1
        self.rows = max(1, self.rows // 2)
        return self.timeouts % TIMEOUTS_BEFORE_SPLIT == 0

    # a row that the server refuses

    @property
    def is_searching(self) -> bool:
        """True while batches are halved to find a row that the server refuses."""
        return self._before_search is not None

    def search(self, scanned: int) -> None:
        """Halve a batch that the server refused."""
        if self._before_search is None:
            self._before_search = self.rows
        self.rows = max(1, min(scanned, self.rows) // 2)

    def end_search(self) -> None:
        """The row is found and passed over: continue with the size before the search."""
        if self._before_search is not None:
            self.rows, self._before_search = self._before_search, None
