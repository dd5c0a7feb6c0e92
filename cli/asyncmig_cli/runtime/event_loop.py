"""The only place that starts an event loop; SIGINT and SIGTERM cancel the work in it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.abc

from asyncmig_cli.errors import InterruptedRunError

__all__ = ["run_until_signal"]

T = TypeVar("T")


class _Received:
    """The signal that was received; None until one is."""

    signal: int | None = None


def run_until_signal(
    work: Callable[[], Awaitable[T]],
    *,
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
) -> T:
    """Run ``work`` in a new event loop and return its result.

    The first SIGINT or SIGTERM cancels it: the library rolls back the open transaction, releases its
    lock, and :class:`InterruptedRunError` is raised. A second signal ends the process immediately.

    Args:
        work: the coroutine function to run.
        on_signal: called with the number of the first signal, before the work is cancelled.
        on_second: called before a second signal ends the process.
    """

    async def supervised() -> T:
        return await _supervise(work, on_signal, on_second)

    return anyio.run(supervised)


async def _supervise(
    work: Callable[[], Awaitable[T]],
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
) -> T:
    received = _Received()
    _ignore_unretrieved_errors(received)
    finished: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()
        await group.start(_listen, received, scope, on_signal, on_second)
        with scope:
            try:
                finished.append(await work())
            except Exception as error:  # noqa: BLE001  # raised below, out of the task group
                failure = error
        group.cancel_scope.cancel()
    if finished:
        # The work finished before the cancellation reached it.
        return finished[0]
    if received.signal is not None:
        raise InterruptedRunError(received.signal, failure)
    assert failure is not None  # noqa: S101  # neither done, nor interrupted, nor failed: not possible
    raise failure


def _ignore_unretrieved_errors(received: _Received) -> None:
    """After a signal, do not log exceptions of futures that the driver has left behind."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if received.signal is None or "never retrieved" not in str(context.get("message")):
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(handle)


async def _listen(
    received: _Received,
    scope: anyio.CancelScope,
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
    *,
    task_status: anyio.abc.TaskStatus[None],
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if received.signal is not None:
                on_second()
                os._exit(128 + received.signal)
            received.signal = number
            on_signal(number)
            scope.cancel()
