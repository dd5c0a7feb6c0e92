"""Helpers that run a coroutine beside a monitor or a thread, and import modules in a thread."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["gather_with_thread", "import_in_thread", "run_with_monitor"]

T = TypeVar("T")
U = TypeVar("U")


async def run_with_monitor(
    send: Callable[[], Awaitable[None]], look: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run ``send``, and ``look`` for as long as it takes. An error of ``send`` is raised unchanged."""
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(look)
        try:
            await send()
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def gather_with_thread(
    wait: Callable[[], Awaitable[T]], work: Callable[[], U]
) -> tuple[T, U]:
    """Await ``wait`` while ``work`` runs in a thread; the results of both.

    Both run to their ends. The error of the first that fails is raised unchanged.
    """
    failures: list[Exception] = []
    results: dict[str, Any] = {}

    async def run(name: str, function: Callable[[], Awaitable[Any]]) -> None:
        try:
            results[name] = await function()
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
            failures.append(error)

    async with anyio.create_task_group() as group:
        group.start_soon(run, "work", lambda: anyio.to_thread.run_sync(work))
        group.start_soon(run, "wait", wait)
    if failures:
        raise failures[0]
    return results["wait"], results["work"]


async def import_in_thread(*modules: str) -> None:
    """Import modules in a thread: the first import takes a good part of a second."""
    missing = [module for module in modules if module not in sys.modules]
    if missing:
        await anyio.to_thread.run_sync(lambda: [import_module(module) for module in missing])
