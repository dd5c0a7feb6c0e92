"""Hooks that let other tasks of the event loop run between their calls."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.autogenerate.hooks import Hooks

__all__ = ["cooperative"]

_MAX_SECONDS = 0.02
"""Seconds after which other tasks get a turn."""


def cooperative(hooks: Hooks) -> Hooks:
    """Wrap the deciding functions, which are called in a greenlet for each table, column and index."""
    started = monotonic()

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **keywords: Any) -> Any:
            nonlocal started
            if monotonic() - started > _MAX_SECONDS:
                await_only(anyio.lowlevel.checkpoint())
                started = monotonic()
            return function(*args, **keywords)

        return called

    wrappers: dict[str, Any] = {name: wrapped(item) for name, item in hooks.deciding.items()}
    return replace(hooks, **wrappers)
