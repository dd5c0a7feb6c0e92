"""The topological order of revisions, the same as Alembic's, in near-linear time.

The walk goes from the newest revision down. It keeps an ordered row of *lanes*; each lane stands at one
revision. The walk follows one lane as long as it can. A revision with several below it sends its lane on
to the first of them and opens new lanes, at the end of the row, for the others. Where two lanes meet,
the later one ends. A revision may only be taken when nothing above it is left: if something is, the walk
changes to the first lane of the row that stands above.

Counting what is left above a revision makes the common case a constant-time step. Only a lane that has
to wait asks "which lane stands above me first?"; see ``_Lanes.first_above``.
"""

from __future__ import annotations

from heapq import heappop, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from asyncmig.revisions.graph.history import History

__all__ = ["newest_first"]


def newest_first(history: History, selection: AbstractSet[str], heads: Iterable[str]) -> list[str]:
    """The selected revisions, each before everything that it stands on.

    Args:
        history: where the edges and the order of the files are.
        selection: the ids to order.
        heads: where to begin; those outside of the selection are ignored.
    """
    below = {
        name: [lower for lower in history.below(name) if lower in selection] for name in selection
    }
    left_above = dict.fromkeys(selection, 0)
    for lowers in below.values():
        for lower in lowers:
            left_above[lower] += 1
    tips = {name for name in heads if name in selection}
    tips.update(name for name, count in left_above.items() if not count)

    lanes = _Lanes(sorted(tips, key=history.position.__getitem__), below)
    order: list[str] = []
    while (lane := lanes.active) is not None:
        name = lanes.at[lane]
        if left_above[name]:
            lanes.active = lanes.first_above(name)
            continue
        order.append(name)
        for lower in below[name]:
            left_above[lower] -= 1
        lanes.leave(name)
    return order


class _Lanes:
    """The row of lanes, numbered as they were opened; a linked list, since lanes end anywhere."""

    def __init__(self, tips: list[str], below: dict[str, list[str]]) -> None:
        self.at = tips
        self.active: int | None = 0 if tips else None
        self._below = below
        self._lane_of = {name: lane for lane, name in enumerate(tips)}
        self._before: list[int | None] = [lane - 1 if lane else None for lane in range(len(tips))]
        self._after: list[int | None] = [*range(1, len(tips)), None]
        self._last = len(tips) - 1
        self._taken: set[str] = set()
        self._above: dict[str, list[str]] | None = None
        self._bounds: dict[str, list[tuple[int, str]]] = {}

    def leave(self, name: str) -> None:
        """Take the revision that the active lane stands at, and send the lane on or end it."""
        lane = self._lane_of.pop(name)
        self._taken.add(name)
        onward = [lower for lower in self._below[name] if lower not in self._lane_of]
        if not onward:
            self._end(lane)
            return
        self.at[lane] = onward[0]
        self._lane_of[onward[0]] = lane
        for lower in onward[1:]:
            self._open(lower)

    def _open(self, name: str) -> None:
        lane = len(self.at)
        self.at.append(name)
        self._lane_of[name] = lane
        self._before.append(self._last)
        self._after.append(None)
        self._after[self._last] = lane
        self._last = lane

    def _end(self, lane: int) -> None:
        before, after = self._before[lane], self._after[lane]
        if before is not None:
            self._after[before] = after
        if after is not None:
            self._before[after] = before
        elif before is not None:
            self._last = before
        self.active = after if before is None else before

    def first_above(self, name: str) -> int:
        """The lowest-numbered lane that stands somewhere above a revision.

        For a fixed revision the answer only ever grows: lanes come down, and new ones get the highest
        number. So each revision keeps a heap of what is above it, keyed by the last answer known there,
        a lower bound today. The top of the heap is asked again; if its bound still holds, it is the
        answer. The walk is a loop of its own, since a line may be longer than the recursion limit.
        """
        answers: dict[str, int] = {}
        waiting = [name]
        while waiting:
            asked = waiting[-1]
            best = len(self.at) if asked == name else self._lane_of.get(asked, len(self.at))
            heap = self._bounds_of(asked)
            while heap and heap[0][0] < best:
                bound, upper = heap[0]
                if upper in self._taken:
                    heappop(heap)
                elif upper not in answers:
                    waiting.append(upper)
                    break
                elif answers[upper] > bound:
                    heapreplace(heap, (answers[upper], upper))
                else:
                    best = bound
            if waiting[-1] == asked:
                answers[asked] = best
                waiting.pop()
        return answers[name]

    def _bounds_of(self, name: str) -> list[tuple[int, str]]:
        if self._above is None:
            self._above = {known: [] for known in self._below}
            for upper, lowers in self._below.items():
                for lower in lowers:
                    self._above[lower].append(upper)
        if name not in self._bounds:
            # equal bounds in sorted order are a heap already
            self._bounds[name] = [(0, upper) for upper in sorted(self._above[name])]
        return self._bounds[name]
