"""Reading the history while the connection is being made, and no more of it than the run needs.

A database at the heads has nothing to do. Where the folders are as they were when their heads were last
found, that is known without the history.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from asyncmig.database.background_task import BackgroundTask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.execution.script_source import HistorySource
    from asyncmig.plan.run_request import RunRequest
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["HistoryPrefetch", "prefetch_history"]


class HistoryPrefetch:
    """What is known of the history while the database is asked for its state."""

    def __init__(self, history: HistorySource, request: RunRequest) -> None:
        self.task = BackgroundTask(urgent=True)
        self._history = history
        self._request = request
        self._heads: tuple[str, ...] | None = None
        self._graph: RevisionGraph | None = None

    async def read(self) -> None:
        """Find the heads, or else read the history."""
        if self._request.to_heads:
            self._heads = await self._history.known_heads()
        if self._heads is None:
            self._graph = await self._history.graph()

    async def graph(self, state: DatabaseState) -> RevisionGraph | None:
        """The history; None where the database is known to be at the target."""
        await self.task.wait()
        if self._is_at_heads(state):
            return None
        return self._graph or await self._history.graph()

    def _is_at_heads(self, state: DatabaseState) -> bool:
        heads = self._heads
        if heads is None or state.partial:
            return False
        # "head" is an error where there are several
        is_valid = self._request.target == "heads" or len(heads) == 1
        return is_valid and state.heads == frozenset(heads)


@asynccontextmanager
async def prefetch_history(
    history: HistorySource, request: RunRequest
) -> AsyncIterator[HistoryPrefetch]:
    """Start reading. A history that cannot be read ends the block with its error."""
    prefetch = HistoryPrefetch(history, request)
    async with prefetch.task.opened():
        await prefetch.task.start(prefetch.read)
        yield prefetch
