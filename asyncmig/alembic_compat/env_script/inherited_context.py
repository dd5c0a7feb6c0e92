"""Threads that an ``env.py`` starts, in the context of the file.

Python's context variables do not reach new threads, and it is by them that ``alembic`` and engines are
asyncmig's. So a thread that is started in the context of an ``env.py`` runs in a copy of that context.
"""

from __future__ import annotations

import contextvars
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.imports import current_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["inherited_context"]

_lock = threading.Lock()
_users = 0
_start: Any = threading.Thread.start


@contextmanager
def inherited_context() -> Iterator[None]:
    """Let threads that are started in the context of an ``env.py`` inherit it, for a while."""
    global _users, _start  # noqa: PLW0603 - there is one class whose method is replaced
    with _lock:
        _users += 1
        if _users == 1:
            _start = threading.Thread.start
            threading.Thread.start = _started  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            # if another wrapper was put around it meanwhile, it remains in place below that one
            if _users == 0 and threading.Thread.start is _started:
                threading.Thread.start = _start  # type: ignore[method-assign]


def _started(thread: threading.Thread) -> None:
    if _users and hasattr(current_environment(), "application_engines"):
        context, run = contextvars.copy_context(), thread.run
        thread.run = lambda: context.run(run)  # type: ignore[method-assign]
    _start(thread)
