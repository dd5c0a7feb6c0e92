"""The line of a script that called a directive."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CallSite", "at_call_site", "call_site", "calling_line"]

CallSite: TypeAlias = tuple[tuple[str, int], ...]
"""File and line of the frames above a directive, innermost first."""

_delayed: ContextVar[CallSite | None] = ContextVar("asyncmig_delayed_call_site", default=None)


def calling_line(script_path: str) -> int | None:
    """The line of the script that is executed, at any depth of calls below it.

    Args:
        script_path: the file name in the script's code objects.

    Returns:
        The 1-based line of the innermost frame that belongs to the script; None when there is none.
    """
    delayed = _delayed.get()
    if delayed is not None:
        return next((line for path, line in delayed if path == script_path), None)
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame is not None:
        if frame.f_code.co_filename == script_path:
            return frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]  # the root frame has none
    return None


def call_site() -> CallSite:
    """The current frames, or those of the call of the directive that is performed now."""
    delayed = _delayed.get()
    if delayed is not None:
        return delayed
    site = []
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame is not None:
        site.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]  # the root frame has none
    return tuple(site)


@contextmanager
def at_call_site(site: CallSite) -> Iterator[None]:
    """Let ``calling_line`` return the line of an earlier call within the block."""
    token = _delayed.set(site)
    try:
        yield
    finally:
        _delayed.reset(token)
