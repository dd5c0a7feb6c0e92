"""A function for a worker thread, which waits there until the task that called it has ended."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["WaitingThread"]

LONGEST = 10.0
"""Seconds until it ends by itself."""


class WaitingThread:
    """Call it in a thread.

    Attributes:
        was_left: the task has ended without it.
    """

    def __init__(self) -> None:
        self.was_left = False
        self._began = threading.Event()
        self._task_ended = threading.Event()
        self._ended = threading.Event()

    def __call__(self, *_: object, **__: object) -> Any:
        self._began.set()
        self.was_left = self._task_ended.wait(LONGEST)
        self._ended.set()
        return ()

    async def cancel(self, call: Callable[[], Awaitable[object]]) -> None:
        """Call what calls it, and cancel that once the thread waits."""
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await self._wait_for(self._began)
            group.cancel_scope.cancel()
        self._task_ended.set()
        await self._wait_for(self._ended)

    async def _wait_for(self, event: threading.Event) -> None:
        with anyio.fail_after(3 * LONGEST):
            while not event.is_set():
                await anyio.sleep(0.01)
