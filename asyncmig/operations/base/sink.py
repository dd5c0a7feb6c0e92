"""The seam between directives and whoever runs or records them.

A script calls directives on ``Operations``; they hand finished operations to a ``Sink``. There is one
implementation, the recorder of ``asyncmig.plan``: it appends statements to the current phase, and
asks the engine for a connection only when the script reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Sink"]


class Sink(Protocol):
    """Takes the operations of one script, in order.

    A sink that also has ``planning = True`` only makes a plan: ``op.get_bind()`` then gives a stand-in
    that knows the dialect's name, and ``bind()`` is called when anything else is asked of it.
    """

    @property
    def offline(self) -> bool:
        """True when a script for ``psql`` is being written: there will never be a connection."""
        ...

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's PostgreSQL dialect, for compiling and for scripts that ask its name."""
        ...

    @property
    def target_metadata(self) -> MetaData | tuple[MetaData, ...] | None:
        """The models, where the project named them: naming conventions come from here."""
        ...

    @property
    def options(self) -> Mapping[str, Any]:
        """Everything that was configured, the user's own keys included."""
        ...

    def perform(self, operation: MigrateOperation) -> None:
        """Compile an operation and append its statements to the current phase."""
        ...

    def autocommit(self) -> AbstractContextManager[None]:
        """Statements inside are committed one by one."""
        ...

    def bind(self) -> Connection:
        """Send what is pending and give the script the connection (sync scripts only).

        Raises:
            NeedsDatabaseError: there is no database in this mode.
        """
        ...

    async def driver(self) -> Any:
        """Send what is pending and give an async script the asyncpg connection."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Send what is pending, run a query, return its rows."""
        ...

    def run_async(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Let a sync script await a function that takes an ``AsyncConnection`` first."""
        ...
