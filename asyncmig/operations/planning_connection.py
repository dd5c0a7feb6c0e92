"""``op.get_bind()`` while only a plan is made: a connection that knows the dialect's name only.

Scripts for several databases check ``op.get_bind().dialect.name`` and then call plain directives. They
need no connection, so their plan is complete; any other use of the connection stops the recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from asyncmig.operations.base.sink import Sink

__all__ = ["PlanningConnection"]

_KNOWN = frozenset({"name", "driver", "paramstyle", "identifier_preparer"})


class PlanningConnection(Connection):
    """A connection without a database: its dialect is known."""

    def __init__(self, sink: Sink) -> None:
        object.__setattr__(self, "_sink", sink)

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        sink: Sink = object.__getattribute__(self, "_sink")
        if name in {"dialect", "engine"}:
            return _Names(sink)
        return getattr(sink.bind(), name)


class _Names:
    """The names of the dialect, in place of the dialect or the engine."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    @property
    def dialect(self) -> _Names:
        """The dialect of the engine."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _KNOWN:
            return getattr(self._sink.dialect, name)
        return getattr(self._sink.bind().dialect, name)
