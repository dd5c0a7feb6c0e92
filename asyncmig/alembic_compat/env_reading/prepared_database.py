"""A database whose sessions begin with what an ``env.py`` executes before it runs migrations."""

from __future__ import annotations

import re
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from asyncpg import PostgresError

from asyncmig.database.server_errors import server_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import asyncpg

    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["PreparedDatabase"]

_SET = re.compile(r"(?i)\s*SET\s+(?:SESSION\s+)?(TIME ZONE|\S+?)(?:\s|=)")


class PreparedDatabase:
    """Another database, prepared.

    Args:
        inner: where the connections come from.
        setup: executed when a session is opened, to last.
        settings: executed after it; taken back on a connection that is not ours.
    """

    def __init__(self, inner: Database, setup: Sequence[str], settings: Sequence[str]) -> None:
        self._inner = inner
        self._statements = (*setup, *settings)
        named = [_SET.match(statement) for statement in settings]
        self._back = [f"RESET {found[1]}" for found in named if found]

    @property
    def name(self) -> str:
        """The database as messages may name it."""
        return self._inner.name

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for migrating."""
        async with self._inner.session() as session:
            if self._statements:
                try:
                    await session.send("\n;\n".join(self._statements))
                except PostgresError as error:
                    raise server_error(error) from error
            try:
                yield session
            finally:
                if not session.disposable and not session.closed and not session.caller_transaction:
                    await session.roll_back()
                    if self._back:
                        await session.send(";".join(self._back))

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks."""
        return self._inner.observer()
