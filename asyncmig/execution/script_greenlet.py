"""The greenlet in which synchronous scripts run, and the event loop that they see there: none.

A script for a synchronous ``env.py`` may call ``asyncio.run()`` for something of its own, an HTTP client or
another connection. asyncio refuses that where a loop is running. So the running loop, and its task, are
hidden while the script's own code runs, and put back while asyncmig awaits something for it.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

__all__ = ["call_in_greenlet"]

T = TypeVar("T")


class _ScriptGreenlet(greenlet):
    """One that SQLAlchemy's ``await_only`` accepts; it shares the context variables of its parent."""

    __sqlalchemy_greenlet_provider__ = True

    def __init__(self, function: Callable[[], Any]) -> None:
        parent = getcurrent()
        super().__init__(function, parent)
        self.gr_context = parent.gr_context


async def call_in_greenlet(function: Callable[[], T], *, hide_loop: bool, own_loop: bool) -> T:
    """Call a synchronous function that may wait with ``await_only``.

    Args:
        function: the script.
        hide_loop: let ``asyncio.run()`` work in it.
        own_loop: give it a loop for ``asyncio.get_event_loop()`` as well.
    """
    script = _ScriptGreenlet(function)
    own = asyncio.new_event_loop() if own_loop and hide_loop else None

    def hidden() -> AbstractContextManager[None]:
        return _without_loop(own) if hide_loop else nullcontext()

    try:
        with hidden():
            result: Any = script.switch()
        while not script.dead:
            try:
                value = await result
            except BaseException:  # noqa: BLE001 - raised where the script waits
                with hidden():
                    result = script.throw(*sys.exc_info())
            else:
                with hidden():
                    result = script.switch(value)
    finally:
        if own is not None:
            own.close()
    returned: T = result
    return returned


@contextmanager
def _without_loop(own: asyncio.AbstractEventLoop | None) -> Iterator[None]:
    """Let the thread look as if no event loop were running in it."""
    loop = asyncio.get_running_loop()
    known = _loop_of_policy()
    # from 3.12 on, the thread has one running task, whatever its loop
    swap: Any = getattr(asyncio.tasks, "_swap_current_task", None)
    task = swap(loop, None) if swap is not None else None
    asyncio._set_running_loop(None)  # noqa: SLF001 - for those who write event loops
    if own is not None:
        asyncio.set_event_loop(own)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)  # noqa: SLF001 - likewise
        if swap is not None:
            swap(loop, task)
        if known is not None:
            asyncio.set_event_loop(known)


def _loop_of_policy() -> asyncio.AbstractEventLoop | None:
    """What ``asyncio.set_event_loop`` was given; asking the policy itself might make a loop."""
    local: Any = getattr(asyncio.get_event_loop_policy(), "_local", None)
    found: asyncio.AbstractEventLoop | None = getattr(local, "_loop", None)
    return found
