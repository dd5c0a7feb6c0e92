"""The one place that starts an event loop, and where signals end the work in it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.abc

from asyncmig_cli.failures import InterruptedRunError

__all__ = ["run_until_signal"]

T = TypeVar("T")


class _Watch:
    """Which signal came; None while none did."""

    signal: int | None = None


def run_until_signal(
    work: Callable[[], Awaitable[T]],
    *,
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
) -> T:
    """Run ``work`` in an event loop of its own and give its result.

    The first SIGINT or SIGTERM cancels it: the library rolls back what is open and frees its lock,
    and :class:`InterruptedRunError` is raised. A second one ends the process at once.

    Args:
        work: what to run.
        on_signal: called with the number of the first signal, before the work is cancelled.
        on_second: called before the process ends at once.
    """

    async def supervised() -> T:
        return await _supervise(work, on_signal, on_second)

    return anyio.run(supervised)


async def _supervise(
    work: Callable[[], Awaitable[T]],
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
) -> T:
    watch = _Watch()
    _forget_what_nobody_awaits(watch)
    finished: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()
        await group.start(_listen, watch, scope, on_signal, on_second)
        with scope:
            try:
                finished.append(await work())
            except Exception as error:  # noqa: BLE001  # raised below, out of the task group
                failure = error
        group.cancel_scope.cancel()
    if finished:
        # Work that was over before the cancellation reached it is done, signal or not.
        return finished[0]
    if watch.signal is not None:
        raise InterruptedRunError(watch.signal, failure)
    assert failure is not None  # noqa: S101  # neither done, nor interrupted, nor failed: not possible
    raise failure


def _forget_what_nobody_awaits(watch: _Watch) -> None:
    """After a signal the driver may leave futures with an exception, which nobody wants to read."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if watch.signal is None or "never retrieved" not in str(context.get("message")):
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(handle)


async def _listen(
    watch: _Watch,
    scope: anyio.CancelScope,
    on_signal: Callable[[int], None],
    on_second: Callable[[], None],
    *,
    task_status: anyio.abc.TaskStatus[None],
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if watch.signal is not None:
                on_second()
                os._exit(128 + watch.signal)
            watch.signal = number
            on_signal(number)
            scope.cancel()
