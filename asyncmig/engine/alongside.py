"""Two things at once, of which one is the work and the other only looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["alongside"]


async def alongside(
    send: Callable[[], Awaitable[None]], look: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run ``send``; ``look`` may go on as long as it does. What ``send`` raises comes out as it is."""
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
