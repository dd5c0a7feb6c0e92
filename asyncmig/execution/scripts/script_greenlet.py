"""The greenlet in which scripts run, and the event loop that synchronous ones see there: none.

In a greenlet a directive can wait for the server without being awaited, in a coroutine function as well.

A script for a synchronous ``env.py`` may call ``asyncio.run()`` for something of its own, an HTTP client or
another connection. asyncio refuses that where a loop is running. So the running loop, and its task, are
hidden while the script's own code runs, and put back while asyncmig awaits something for it.
"""

from __future__ import annotations

import asyncio
import types
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it has no hints
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

__all__ = ["await_in_greenlet", "call_in_greenlet"]

T = TypeVar("T")


class _ScriptGreenlet(greenlet):  # type: ignore[misc]  # untyped, see above
    """One that SQLAlchemy's ``await_only`` accepts; it shares the context variables of its parent."""

    __sqlalchemy_greenlet_provider__ = True

    def __init__(self, function: Callable[[], Any]) -> None:
        parent = getcurrent()
        super().__init__(function, parent)
        self.gr_context = parent.gr_context


async def call_in_greenlet(
    function: Callable[[], T], *, hide_loop: bool, own_loop: bool = False
) -> T:
    """Call a synchronous function that may wait with ``await_only``.

    Args:
        function: the script.
        hide_loop: let ``asyncio.run()`` work in it.
        own_loop: where it is hidden, give it a loop for ``asyncio.get_event_loop()`` as well.
    """
    script = _ScriptGreenlet(function)
    own = asyncio.new_event_loop() if own_loop and hide_loop else None
    state = _LoopState(own) if hide_loop else nullcontext()
    try:
        with state:
            result: Any = script.switch()
        while not script.dead:
            try:
                value = await result
            except BaseException as error:  # noqa: BLE001 - raised where the script waits
                with state:
                    result = script.throw(type(error), error, error.__traceback__)
            else:
                with state:
                    result = script.switch(value)
    finally:
        if own is not None:
            own.close()
    returned: T = result
    return returned


async def await_in_greenlet(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine whose code may wait with ``await_only`` as well, in synchronous functions."""
    return await call_in_greenlet(partial(_complete, coroutine), hide_loop=False)


def _complete(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; the task that runs the greenlet waits for what it waits for."""
    step: Callable[[], Any] = partial(coroutine.send, None)
    while True:
        try:
            awaited = step()
        except StopIteration as end:
            returned: T = end.value
            return returned
        try:
            value = await_only(_forward(awaited))
        except BaseException as error:  # noqa: BLE001 - raised where the coroutine waits
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, value)


@types.coroutine
def _forward(awaited: Any) -> Generator[Any, Any, Any]:
    """Hand to the event loop what a coroutine has handed over: a future, or None for ``sleep(0)``."""
    return (yield awaited)


# from 3.12 on, a thread has one running task, whatever its loop
_swap_task: Any = getattr(asyncio.tasks, "_swap_current_task", None)


class _LoopState:
    """The loop and the task that run in the thread, as the script knows them: entered with its code.

    Args:
        own: what ``asyncio.get_event_loop()`` gives to it; None where it does not ask.
    """

    def __init__(self, own: asyncio.AbstractEventLoop | None) -> None:
        self._own = own
        self._inner: tuple[asyncio.AbstractEventLoop | None, Any] = (None, None)
        self._outer: tuple[asyncio.AbstractEventLoop | None, Any] = (None, None)
        self._of_thread: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> None:
        self._of_thread = _loop_of_policy()
        self._outer = _exchange(self._inner)
        if self._own is not None:
            asyncio.set_event_loop(self._own)

    def __exit__(self, *_: object) -> None:
        # an event loop that the script started may be running: it waits for asyncmig's loop
        self._inner = _exchange(self._outer)
        if self._of_thread is not None:
            asyncio.set_event_loop(self._of_thread)


def _exchange(
    state: tuple[asyncio.AbstractEventLoop | None, Any],
) -> tuple[asyncio.AbstractEventLoop | None, Any]:
    """Make another loop and task the running ones; gives those that were."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - for those who write event loops
    task = _swap_task(loop, None) if _swap_task is not None and loop is not None else None
    asyncio._set_running_loop(state[0])  # noqa: SLF001 - likewise
    if _swap_task is not None and state[0] is not None:
        _swap_task(*state)
    return loop, task


def _loop_of_policy() -> asyncio.AbstractEventLoop | None:
    """What ``asyncio.set_event_loop`` was given; asking the policy itself might make a loop."""
    # the public function warns from 3.14 on
    policy: Any = getattr(asyncio.events, "_get_event_loop_policy", asyncio.get_event_loop_policy)
    local: Any = getattr(policy(), "_local", None)
    found: asyncio.AbstractEventLoop | None = getattr(local, "_loop", None)
    return found
