"""Listeners of an ``env.py``'s engine that a run cannot call: they are refused, or named.

Directives are sent many in a message, without a cursor of SQLAlchemy's. So a listener of the execution of
statements, which ``connect`` and ``do_connect`` are not, has nothing to listen to.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.env_script.connections.libpq import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

__all__ = ["unheard_listeners"]

_EVENTS = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")
_REWRITING = frozenset({"before_execute", "before_cursor_execute"})
_WRAPPERS = "sqlalchemy.engine.events"
"""The module of SQLAlchemy's wrappers of listeners that return nothing."""


def unheard_listeners(engine: Engine, home: Path) -> tuple[str, ...]:
    """Sentences about the listeners of an engine that are not called for directives.

    Args:
        engine: of the connection that is handed over.
        home: the folder of the migration environment.

    Raises:
        UrlError: a listener in that folder rewrites statements (``retval=True``).
    """
    told = []
    for event, function, rewrites in _listeners(engine):
        place = _place(function)
        name = f"the listener {getattr(function, '__qualname__', function)!s} of {event}"
        path = place.rpartition(":")[0]
        if rewrites and path and Path(path).resolve().is_relative_to(home):
            raise refusal(
                f"{name}, which rewrites statements",
                place,
                "statements of directives do not pass through it: change them in the scripts",
            )
        told.append(f"{name} ({place}) is not called for the statements of directives")
    return tuple(told)


def _listeners(engine: Engine) -> Iterator[tuple[str, Any, bool]]:
    for event in _EVENTS:
        for listener in tuple(getattr(getattr(engine.dispatch, event, None), "listeners", ())):
            module = str(getattr(listener, "__module__", ""))
            if module.startswith("asyncmig."):
                continue
            if module == _WRAPPERS:
                cells = getattr(listener, "__closure__", None) or ()
                inner = [cell.cell_contents for cell in cells]
                yield event, next((each for each in inner if callable(each)), listener), False
            else:
                yield event, listener, event in _REWRITING


def _place(function: Any) -> str:
    """``file:line`` of a function; its module where it has none."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return str(getattr(function, "__module__", "?"))
    return f"{code.co_filename}:{code.co_firstlineno}"
