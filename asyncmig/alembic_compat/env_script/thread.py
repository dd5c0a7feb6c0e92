"""A thread for code that blocks, and its way back to the event loop that started it.

The thread asks the loop to await something and waits for the result. Every request is a task of one
task group, so that a cancellation of the caller reaches all of them.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["InterruptedThread", "LoopThread"]

T = TypeVar("T")

GRACE_SECONDS = 5.0
"""How long a cancelled thread may take to end before it is left to itself."""


class InterruptedThread(BaseException):
    """Raised in the thread when its caller was cancelled; ``except Exception`` does not stop it."""


class LoopThread:
    """One thread that runs one function, started from the running event loop.

    Attributes:
        loop: where requests are awaited.
        cancelled: True when the caller was cancelled: requests are refused.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.cancelled = False
        self._loop_thread = threading.get_ident()
        self._requests: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], Future[Any]] | None]
        self._requests = asyncio.Queue()
        self._open: set[Future[Any]] = set()
        self._tasks: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()

    async def run(self, function: Callable[[], T]) -> T:
        """Call ``function`` in a new thread and give its result.

        Cancellation ends what the thread waits for with ``InterruptedThread``; a thread that does not
        end within a grace period is left behind as a daemon.
        """
        finished: asyncio.Future[T] = self.loop.create_future()
        context = contextvars.copy_context()

        def body() -> None:
            try:
                result = context.run(function)
            except BaseException as error:  # noqa: BLE001 - raised where `run` was called
                self._finish(finished, error=error)
            else:
                self._finish(finished, result=result)

        thread = threading.Thread(target=body, name="asyncmig env.py", daemon=True)
        try:
            async with anyio.create_task_group() as group:
                thread.start()
                while (request := await self._requests.get()) is not None:
                    group.start_soon(self._answer, *request)
        except BaseException:
            if not finished.done():
                with anyio.CancelScope(shield=True), anyio.move_on_after(GRACE_SECONDS):
                    self._interrupt()
                    await asyncio.wait([finished])
            if finished.done():
                finished.exception()  # it has been looked at
            raise
        finally:
            self._interrupt()
        return finished.result()

    async def _answer(self, make: Callable[[], Awaitable[Any]], future: Future[Any]) -> None:
        try:
            result = await make()
        except Exception as error:  # noqa: BLE001 - raised in the thread
            _resolve(future, error=error)
        except BaseException:
            _resolve(future, error=InterruptedThread())
            raise
        else:
            _resolve(future, result=result)
        finally:
            with self._lock:
                self._open.discard(future)

    def _finish(self, finished: asyncio.Future[T], **outcome: Any) -> None:
        def notify() -> None:
            if not finished.done():
                if "error" in outcome:
                    error = outcome["error"]
                    if isinstance(error, StopIteration):  # a future takes none
                        error = RuntimeError(f"StopIteration: {error}")
                    finished.set_exception(error)
                else:
                    finished.set_result(outcome["result"])
            self._requests.put_nowait(None)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(notify)

    def _interrupt(self) -> None:
        with self._lock:
            self.cancelled = True
            waiting = list(self._open)
            tasks = dict(self._tasks)
            self._open.clear()
        for future in waiting:
            _resolve(future, error=InterruptedThread())
        for task, loop in tasks.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)

    # called in the thread

    def wait(self, make: Callable[[], Awaitable[T]]) -> T:
        """Await ``make()`` in the loop and give its result, from whatever place this is called in.

        In a plain thread it blocks; in a greenlet of SQLAlchemy's, in this loop or in another, it awaits.
        """
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self.loop or threading.get_ident() == self._loop_thread:
            # a script runs in the loop's thread, and its loop is hidden from it
            result: T = await_only(make())
            return result
        future = self.submit(make)
        if here is None:
            return future.result()
        awaited: T = await_only(asyncio.wrap_future(future))
        return awaited

    def submit(self, make: Callable[[], Awaitable[T]]) -> Future[T]:
        """Have ``make()`` awaited in the loop; the result comes by the future."""
        future: Future[T] = Future()
        with self._lock:
            if self.cancelled:
                raise InterruptedThread
            self._open.add(future)
        self.loop.call_soon_threadsafe(self._requests.put_nowait, (make, future))
        return future

    def call(self, function: Callable[..., None], *args: Any) -> None:
        """Call a plain function in the loop, and wait until it has returned."""
        if threading.get_ident() == self._loop_thread:
            function(*args)
            return

        async def called() -> None:
            function(*args)

        self.submit(called).result()

    def adopt_task(self) -> None:
        """Let a cancellation of the caller reach the running task of the thread's own event loop."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if loop is self.loop or task is None:
            return
        with self._lock:
            if self.cancelled:
                raise InterruptedThread
            self._tasks[task] = loop
        task.add_done_callback(self._forget)

    def adopt_connection(self, driver: Any) -> None:
        """Have a connection of the thread's own event loop dropped when that loop closes."""
        loop: Any = asyncio.get_running_loop()
        if loop is self.loop:
            return
        known: list[Any] | None = getattr(loop, "asyncmig_connections", None)
        if known is not None:
            known.append(driver)
            return
        drivers = [driver]
        close = loop.close

        def close_all() -> None:
            left = [one for one in drivers if not one.is_closed()]
            if left and not loop.is_closed():
                for one in left:
                    one.terminate()
                loop.run_until_complete(asyncio.sleep(0))
            close()

        try:
            loop.asyncmig_connections, loop.close = drivers, close_all
        except (
            AttributeError
        ):  # a loop written in C; the connections end with their garbage collection
            return

    def _forget(self, task: asyncio.Task[Any]) -> None:
        with self._lock:
            self._tasks.pop(task, None)


def _resolve(
    future: Future[Any], *, result: Any = None, error: BaseException | None = None
) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
