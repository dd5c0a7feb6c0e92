"""Reading the history while the connection is being made, and no more of it than the run needs.

A database that stands at the heads has nothing to do. Where the folders are as they were when their heads
were last found, that is known without the history.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from asyncmig.database.background_task import BackgroundTask
from asyncmig.plan.model import Direction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.plan.planner import Planner

__all__ = ["HistoryPrefetch", "HistorySource", "prefetch_history"]


class HistorySource(Protocol):
    """Where the history comes from."""

    async def known_heads(self) -> tuple[str, ...] | None:
        """The heads, where they are known without reading the history."""
        ...

    async def planner(self) -> Planner:
        """Read the history."""
        ...


class HistoryPrefetch:
    """What is known of the history, beside the first question to the database."""

    def __init__(self, history: HistorySource, target: str, direction: Direction) -> None:
        self.beside = BackgroundTask(urgent=True)
        self._history = history
        self._target = target
        self._to_heads = direction is Direction.UPGRADE and target in {"head", "heads"}
        self._heads: tuple[str, ...] | None = None
        self._planner: Planner | None = None

    async def read(self) -> None:
        """Find the heads, or else read the history."""
        if self._to_heads:
            self._heads = await self._history.known_heads()
        if self._heads is None:
            self._planner = await self._history.planner()

    async def planner(self, state: DatabaseState) -> Planner | None:
        """What plans the run; None where the database stands at the target."""
        await self.beside.wait()
        if self._is_at(state):
            return None
        return self._planner or await self._history.planner()

    def _is_at(self, state: DatabaseState) -> bool:
        heads = self._heads
        if heads is None or state.partial:
            return False
        # "head" is an error where there are several
        named = self._target == "heads" or len(heads) == 1
        return named and state.heads == frozenset(heads)


@asynccontextmanager
async def prefetch_history(
    history: HistorySource, target: str, direction: Direction
) -> AsyncIterator[HistoryPrefetch]:
    """Begin to look. A history that cannot be read ends the block, and is what it raises."""
    look = HistoryPrefetch(history, target, direction)
    async with look.beside.opened():
        await look.beside.start(look.read)
        yield look
