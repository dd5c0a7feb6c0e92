"""A database whose sessions show themselves to scripts through the lenient connection."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from asyncmig.database.prepared_statements import forget_prepared_statements
from asyncmig.database.session import CLEANUP_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import asyncpg
    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["LenientDatabase"]


class LenientDatabase:
    """Another database, seen leniently.

    Args:
        inner: where the connections come from.
        schema_translate_map: SQLAlchemy's execution option, for what scripts execute.
    """

    def __init__(
        self, inner: Database, schema_translate_map: Mapping[str | None, str | None] | None = None
    ) -> None:
        self._inner = inner
        self._schemas = dict(schema_translate_map or {})

    @property
    def name(self) -> str:
        """The database as messages may name it."""
        return self._inner.name

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for migrating."""
        opened: list[AsyncConnection] = []
        async with self._inner.session() as session:

            async def show() -> AsyncConnection:
                from asyncmig.alembic_compat.psycopg2_compat.connection import lenient_connection

                connection = await lenient_connection(session.driver, self.name)
                opened.append(connection)
                if self._schemas:
                    await connection.execution_options(schema_translate_map=dict(self._schemas))
                return connection

            session.use_sqlalchemy_factory(show)
            session.synchronous_scripts = True  # they may start event loops of their own
            try:
                yield session
            finally:
                forget_prepared_statements(session.driver)
                with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS):
                    for connection in opened:
                        await connection.close()

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks."""
        return self._inner.observer()
