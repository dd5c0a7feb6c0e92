"""Awaiting from plain code: Alembic's Python API is synchronous, and asyncmig is not."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["run"]

T = TypeVar("T")


def run(function: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Await a coroutine function: in an event loop of this thread; where one runs, in that of a new thread.

    The function sees the caller's context variables. In a running loop this blocks, as a synchronous call
    does: asynchronous code has ``Migrator``.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(function())
    outcome: list[Any] = []
    context = contextvars.copy_context()

    def body() -> None:
        try:
            outcome.extend((True, context.run(asyncio.run, function())))
        except BaseException as error:  # noqa: BLE001 - raised in the thread of the caller
            outcome.extend((False, error))

    thread = threading.Thread(target=body, name="asyncmig.alembic")
    thread.start()
    thread.join()
    is_done, result = outcome
    if not is_done:
        raise result
    returned: T = result
    return returned
