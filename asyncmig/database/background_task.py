"""One task in the background of its owner, which receives its errors."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from anyio import Event, create_task_group  # now: anyio would import it in the loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from anyio.abc import TaskGroup

__all__ = ["BackgroundTask"]


class BackgroundTask:
    """Runs one task at a time; none outlives the block that opened it.

    Args:
        urgent: the block is cancelled as soon as a task fails.
    """

    def __init__(self, *, urgent: bool = False) -> None:
        self._urgent = urgent
        self._group: TaskGroup | None = None
        self._ended: Event | None = None
        self._failure: BaseException | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The block in which tasks can be started; when it ends they have ended, or were cancelled with it.

        An error of a task is raised in place of an error of the block: it came first.
        """
        failure: BaseException | None = None
        try:
            async with create_task_group() as self._group:
                try:
                    yield
                except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
                    failure = error
            failure = failure if self._failure is None else self._failure
        finally:
            self._group = self._ended = self._failure = None
        if failure is not None:
            raise failure

    async def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Start a task, once the one before has ended."""
        await self.wait()
        assert self._group is not None  # noqa: S101 - only inside `opened()`
        self._ended = Event()
        self._group.start_soon(self._run, work, self._ended)

    async def wait(self) -> None:
        """Wait for the end of the task, and raise its error; also when called again."""
        if self._ended is not None:
            await self._ended.wait()
        self.check()

    def check(self) -> None:
        """Raise the error of the task, if it has failed already."""
        if self._failure is not None:
            raise self._failure

    async def _run(self, work: Callable[[], Awaitable[None]], ended: Event) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised where the owner waits
            self._failure = error
            if self._urgent and self._group is not None:
                self._group.cancel_scope.cancel()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            ended.set()
