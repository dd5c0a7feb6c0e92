"""The user's functions in the event loop, which goes on between their calls."""

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

_TURN = 0.02
"""Seconds after which other tasks have theirs."""


def cooperative(hooks: Hooks) -> Hooks:
    """The same functions, to be called in a greenlet: for each of many tables, columns and indexes."""
    begun = monotonic()

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **keywords: Any) -> Any:
            nonlocal begun
            if monotonic() - begun > _TURN:
                await_only(anyio.lowlevel.checkpoint())
                begun = monotonic()
            return function(*args, **keywords)

        return called

    wrappers: dict[str, Any] = {name: wrapped(item) for name, item in hooks.deciding.items()}
    return replace(hooks, **wrappers)
