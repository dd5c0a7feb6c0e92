"""``Sink``, the interface between directives and the recorder of a plan.

A script calls directives on ``Operations``, which pass finished operations to a ``Sink``. Its one
implementation is the recorder of ``asyncmig.plan``: it appends statements to the current phase, and
asks for a connection only when the script reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    import asyncpg
    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["HasSink", "Sink"]


class Sink(Protocol):
    """Takes the operations of one script, in order.

    A sink with ``planning = True`` only makes a plan: ``op.get_bind()`` then returns a substitute
    that knows the dialect's name, and ``bind()`` is called when the script uses anything else of it.
    """

    @property
    def offline(self) -> bool:
        """True in offline mode: a script for psql is written, and there is no connection."""
        ...

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's PostgreSQL dialect."""
        ...

    @property
    def target_metadata(self) -> MetaData | tuple[MetaData, ...] | None:
        """The models, if the project has them; they have the naming convention."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """All options of the run, with the user's own keys."""
        ...

    def perform(self, operation: MigrateOperation) -> None:
        """Compile an operation and append its statements to the current phase."""
        ...

    def autocommit(self) -> AbstractContextManager[None]:
        """Commit each statement of the block on its own."""
        ...

    def bind(self) -> Connection:
        """Send pending statements and return the connection (sync scripts only).

        Raises:
            NeedsDatabaseError: in offline mode.
        """
        ...

    async def driver(self) -> asyncpg.Connection:
        """Send pending statements and return the asyncpg connection (async scripts only)."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Send pending statements, run a query, return its rows."""
        ...

    def run_async(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await a function for a sync script; its first argument is an ``AsyncConnection``."""
        ...


class HasSink(Protocol):
    """A migration context: ``Operations(context)`` works where the context does."""

    @property
    def sink(self) -> Sink:
        """What takes its operations."""
        ...
