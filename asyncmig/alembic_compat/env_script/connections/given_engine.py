"""The engine that a migrator was given: an ``env.py`` connects with it, whatever engines it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine

from asyncmig.alembic_compat.env_script.connections.copied_listeners import copy_engine_listeners
from asyncmig.database.connections import EngineConnection, EngineDatabase

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import asyncpg
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

__all__ = ["GivenEngine"]


class GivenEngine:
    """Connections for an ``env.py`` as the engine makes them.

    A synchronous ``env.py`` gets connections of its pool, in the event loop of the caller. They are detached
    from the pool, since the file may change the settings of their sessions. An asynchronous ``env.py`` has
    an event loop of its own, where a copy of the engine connects.

    Args:
        engine: for asyncpg.

    Raises:
        UrlError: it is for another driver.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._database = EngineDatabase(engine)
        self._detached: list[AsyncConnection] = []

    @property
    def url(self) -> URL:
        """The URL of the engine."""
        return self._engine.url

    async def connect(self) -> tuple[asyncpg.Connection, str | None]:
        """A connection, which belongs to the caller from now on, and its isolation level.

        A level of None is the usual one.

        Raises:
            AsyncmigError: the engine could not connect.
        """
        connection = await EngineConnection(self._engine, self._database.name).__aenter__()
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        level: str | None = getattr(raw.dbapi_connection, "isolation_level", None)
        await connection.run_sync(lambda synchronous: synchronous.detach())
        self._detached.append(connection)
        if level is None or level in {"autocommit", "read_committed"}:
            return driver, None
        return driver, level.replace("_", " ").upper()

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks."""
        return self._database.observer()

    def copy(self) -> Engine:
        """The engine with a pool of its own, for another event loop."""
        original = self._engine.sync_engine
        copied = Engine(
            original.pool.recreate(),
            original.dialect,
            original.url,
            hide_parameters=original.hide_parameters,
            execution_options=dict(original.get_execution_options()),
        )
        copy_engine_listeners(original, copied)
        return copied
