"""Three ways in: a URL, an AsyncEngine, an AsyncConnection. Each gives sessions.

A URL's connections are made with asyncpg directly: SQLAlchemy's first connect asks the server several
questions that a run without live scripts never needs, and each is a round trip. An engine's come from
its pool, with whatever its creator, events and arguments set up. A connection is used as it is, and
when a transaction is open on it the run happens inside it.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import anyio.to_thread
import asyncpg

from asyncmig.config.connection.certificate_files import require_files
from asyncmig.config.connection.connect_arguments import (
    connect_arguments,
    database_url,
    resolved_url,
)
from asyncmig.database.connection_errors import connection_failure, is_starting
from asyncmig.database.server_errors import DRIVER_ERRORS
from asyncmig.database.session import CLEANUP_SECONDS, Session
from asyncmig.database.socket_options import set_socket_options
from asyncmig.errors import ConfigError, UrlError
from asyncmig.events import ConnectionWaiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from asyncmig.config.connection.url import DatabaseUrl
    from asyncmig.config.settings import Settings
    from asyncmig.events import Event

__all__ = [
    "ConnectionDatabase",
    "Database",
    "EngineConnection",
    "EngineDatabase",
    "UrlDatabase",
    "observing",
    "release_connection",
    "require_asyncio",
    "wrap_connection",
]

OBSERVER_SECONDS = 2.0


class Database(Protocol):
    """Where sessions come from."""

    @property
    def name(self) -> str:
        """The database as messages may name it: no password."""
        ...

    def session(self) -> AbstractAsyncContextManager[Session]:
        """A connection for migrating; closed, or given back, on leaving."""
        ...

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks; None where there can be none."""
        ...


@asynccontextmanager
async def observing(
    connect: Callable[[], Awaitable[asyncpg.Connection]],
) -> AsyncIterator[asyncpg.Connection | None]:
    """A second connection that only looks; None where it cannot be made quickly.

    Args:
        connect: makes it.
    """
    try:
        with anyio.fail_after(OBSERVER_SECONDS):
            driver = await connect()
    except DRIVER_ERRORS:
        yield None
        return
    try:
        yield driver
    finally:
        with anyio.CancelScope(shield=True):
            await _close(driver)


class UrlDatabase:
    """Connections by URL, made for one run each."""

    def __init__(self, settings: Settings, emit: Callable[[Event], None]) -> None:
        self._settings = settings
        self._emit = emit
        self._url = database_url(settings)
        self.name = self._url.redacted()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for migrating."""
        driver = await self._connect_when_ready()
        wrapped: list[AsyncConnection] = []

        async def make_sqlalchemy() -> AsyncConnection:
            connection = await wrap_connection(driver)
            wrapped.append(connection)
            return connection

        try:
            yield Session(driver, make_sqlalchemy, disposable=True)
        finally:
            with anyio.CancelScope(shield=True):
                for connection in wrapped:
                    await release_connection(connection, driver)
                await _close(driver)

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks."""
        return observing(self._connect)

    async def _connect(self) -> asyncpg.Connection:
        url = await anyio.to_thread.run_sync(self._resolve)
        arguments: dict[str, Any] = connect_arguments(self._settings, url)
        driver = await asyncpg.connect(**arguments)
        set_socket_options(driver, url.socket_options())
        return driver

    def _resolve(self) -> DatabaseUrl:
        """The URL with its service and the environment; file work."""
        url = resolved_url(self._settings)
        require_files(url.arguments, self._settings.url_source)
        return url

    async def _connect_when_ready(self) -> asyncpg.Connection:
        began = time.monotonic()
        while True:
            try:
                return await self._connect()
            except (*DRIVER_ERRORS, ValueError) as error:
                elapsed = time.monotonic() - began
                remaining = self._settings.wait_for_database - elapsed
                if remaining <= 0 or not is_starting(error):
                    raise connection_failure(error, self.name, waited=elapsed) from error
                self._emit(
                    ConnectionWaiting(reason=str(error) or type(error).__name__, elapsed=elapsed)
                )
                await anyio.sleep(min(remaining, random.uniform(0.2, 0.8)))  # noqa: S311 - jitter


class EngineDatabase:
    """Connections from an ``AsyncEngine``'s pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        from sqlalchemy.ext.asyncio import AsyncEngine

        if hasattr(engine, "dialect"):
            _require_asyncpg(engine.dialect.name, engine.dialect.driver)
        if not isinstance(engine, AsyncEngine):
            raise UrlError(
                f"a migrator takes a URL, an AsyncEngine or an AsyncConnection, not {type(engine).__name__}",
                hint="in place of a pool or a connection of asyncpg, give its URL",
            )
        self._engine = engine
        self.name = engine.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for migrating."""
        async with (
            EngineConnection(self._engine, self.name) as connection,
            _acquire(connection) as session,
        ):
            yield session

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[asyncpg.Connection | None]:
        """A second connection that only looks."""
        try:
            with anyio.fail_after(OBSERVER_SECONDS):  # the pool may have no other for us
                connection = await self._engine.connect()
        except Exception:  # noqa: BLE001 - a pool may raise anything, and to look is optional
            yield None
            return
        try:
            raw = await connection.get_raw_connection()
            yield raw.driver_connection
        finally:
            with anyio.CancelScope(shield=True):
                await connection.close()


class ConnectionDatabase:
    """The caller's own connection, used as it is.

    Args:
        connection: an open one.
        inside: whether its transaction is the caller's; None where an open one is.
    """

    def __init__(self, connection: AsyncConnection, *, inside: bool | None = None) -> None:
        if connection.sync_connection is None or connection.closed:
            raise UrlError(
                "the connection is closed, or was never opened",
                hint="call the migrator inside of `async with engine.connect() as connection:`",
            )
        _require_asyncpg(connection.dialect.name, connection.dialect.driver)
        self._connection = connection
        self._inside = inside
        self.name = connection.engine.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for migrating."""
        async with _acquire(self._connection, self._inside) as session:
            yield session

    def observer(self) -> AbstractAsyncContextManager[asyncpg.Connection | None]:
        """A second connection that only looks, from the same engine."""
        return EngineDatabase(self._connection.engine).observer()


class EngineConnection:
    """``engine.connect()`` whose failures are ours, and whose way back survives cancellation."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> AsyncConnection:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            self._connection = await self._engine.connect()
        except (*DRIVER_ERRORS, SQLAlchemyError) as error:
            cause = getattr(error, "orig", None)
            original = getattr(cause, "__cause__", None) or cause or error
            raise connection_failure(original, self._name) from error
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        connection = self._connection
        if connection is None:
            return
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS):
            await connection.close()


@asynccontextmanager
async def _acquire(
    connection: AsyncConnection, inside: bool | None = None
) -> AsyncIterator[Session]:
    """A session on a connection of SQLAlchemy's, left as it was found."""
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has one
    if inside is None:
        inside = connection.in_transaction()
    if inside and not driver.is_in_transaction():
        # SQLAlchemy has begun, its adapter begins on the server with the first statement
        await connection.exec_driver_sql("SELECT 1")

    async def as_is() -> AsyncConnection:
        return connection

    session = Session(driver, as_is, caller_transaction=inside)
    adapter: Any = raw.dbapi_connection
    level = adapter.isolation_level
    if not inside and level not in {None, "autocommit", "read_committed"}:
        characteristics = f"ISOLATION LEVEL {level.replace('_', ' ').upper()}"
        await driver.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION {characteristics}")
    # a statement prepared before a script's DDL may no longer fit after it
    cache, adapter._prepared_statement_cache = adapter._prepared_statement_cache, None  # noqa: SLF001
    if not inside:
        adapter.autocommit = True
    try:
        yield session
    finally:
        with anyio.CancelScope(shield=True):
            await session.roll_back()
            if cache is not None:
                cache.clear()
            adapter._prepared_statement_cache = cache  # noqa: SLF001 - there is no public switch
            adapter.isolation_level = level
            if session.closed:  # the pool must not hand it out again
                await connection.invalidate()
            else:
                await driver.reload_schema_state()


async def wrap_connection(driver: asyncpg.Connection) -> AsyncConnection:
    """SQLAlchemy's view of a connection that asyncpg made."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def give() -> asyncpg.Connection:
        return driver

    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        async_creator=give,
        isolation_level="AUTOCOMMIT",
        # a statement prepared before a script's DDL may no longer fit after it
        connect_args={"prepared_statement_cache_size": 0},
    )
    return await engine.connect()


async def release_connection(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
    """Close SQLAlchemy's view; it closes the driver's connection with it."""
    with anyio.move_on_after(CLEANUP_SECONDS):
        try:
            await connection.close()
        except Exception:  # noqa: BLE001 - the connection may be in any state; it goes either way
            driver.terminate()


async def _close(driver: asyncpg.Connection) -> None:
    if driver.is_closed():
        return
    try:
        await driver.close(timeout=CLEANUP_SECONDS)
    except DRIVER_ERRORS:
        driver.terminate()


def require_asyncio() -> None:
    """Make sure that the event loop is one that asyncpg can use.

    Raises:
        ConfigError: it is not asyncio's, nor a replacement of it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "asyncmig needs asyncio's event loop, and none is running here",
            hint="its driver, asyncpg, knows no other: under Trio, run `asyncmig upgrade` as a process, "
            "or migrate before Trio starts",
        ) from None


def _require_asyncpg(dialect: str, driver: str) -> None:
    if dialect != "postgresql":
        raise UrlError(
            f"asyncmig migrates PostgreSQL, and this engine speaks {dialect}",
            hint="create it with create_async_engine('postgresql+asyncpg://...')",
        )
    if driver != "asyncpg":
        raise UrlError(
            f"asyncmig needs the asyncpg driver, and this engine uses {driver}",
            hint="create it with create_async_engine('postgresql+asyncpg://...')",
        )
