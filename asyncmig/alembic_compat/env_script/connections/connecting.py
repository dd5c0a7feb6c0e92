"""The connections of an ``env.py``'s engines: made with asyncpg, in the loop that migrates."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import asyncpg

from asyncmig.alembic_compat.env_script.connections.dbapi import EnvConnection
from asyncmig.alembic_compat.env_script.connections.libpq import asyncpg_arguments
from asyncmig.alembic_compat.psycopg2_compat import errors
from asyncmig.database.connection_errors import is_starting
from asyncmig.database.prepared_statements import forget_prepared_statements
from asyncmig.database.server_errors import DRIVER_ERRORS
from asyncmig.database.socket_options import set_socket_options
from asyncmig.events import ConnectionWaiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from asyncmig.alembic_compat.env_script.connections.given_engine import GivenEngine
    from asyncmig.alembic_compat.env_script.statements import StatementLog
    from asyncmig.alembic_compat.env_script.thread import LoopThread
    from asyncmig.config.settings import Settings
    from asyncmig.events import Event

__all__ = ["ConnectionMaker", "Connector", "connect_when_ready"]


class ConnectionMaker:
    """Connects, and keeps what is open, so that nothing is left behind.

    Args:
        settings: of the project.
        thread: whose loop the connections live in.
        log: of what is executed on them.
        emit: receives events.
        given: the engine that the migrator was given; it makes all connections.

    Attributes:
        target: whereto the last connection was made, without a password.
    """

    def __init__(
        self,
        settings: Settings,
        thread: LoopThread,
        log: StatementLog,
        emit: Callable[[Event], None],
        given: GivenEngine | None = None,
    ) -> None:
        self.settings = settings
        self.thread = thread
        self.log = log
        self.given = given
        self._emit = emit
        self._open: list[asyncpg.Connection] = []
        self.target = "the database of env.py"

    def connect(
        self, dialect: Any, arguments: Mapping[str, Any], options: Mapping[str, int]
    ) -> EnvConnection:
        """A connection for an engine; called in the thread of ``env.py``."""
        self.connecting_to(arguments)

        async def connected() -> asyncpg.Connection:
            driver = await connect_when_ready(arguments, self.settings, self._emit)
            self._open.append(driver)
            set_socket_options(driver, options)
            return driver

        try:
            driver = self.thread.wait(connected)
        except DRIVER_ERRORS as error:
            told = errors.OperationalError(str(error) or type(error).__name__)
            told.pgcode = getattr(error, "sqlstate", None)
            raise told from error
        return EnvConnection(driver, dialect, self.thread, self.log, arguments)

    def connect_with_given(self, dialect: Any, given: GivenEngine) -> EnvConnection:
        """A connection of the engine that the migrator was given; called in the thread of ``env.py``."""
        self.target = given.url.render_as_string(hide_password=True)

        async def connected() -> tuple[asyncpg.Connection, str | None]:
            driver, level = await given.connect()
            self._open.append(driver)
            return driver, level

        driver, level = self.thread.wait(connected)
        connection = EnvConnection(driver, dialect, self.thread, self.log, {}, given.observer)
        connection.isolation = level
        return connection

    def connecting_to(self, arguments: Mapping[str, Any]) -> None:
        """Note whereto a connection is made, for the message where it fails."""
        host = arguments.get("host")
        if isinstance(host, list | tuple):
            host = ",".join(map(str, host))
        user = f"{arguments['user']}@" if arguments.get("user") else ""
        port = f":{arguments['port']}" if arguments.get("port") else ""
        self.target = f"postgresql://{user}{host or ''}{port}/{arguments.get('database') or ''}"

    async def close(self) -> None:
        """Close what is still open; in the loop."""
        for driver in self._open:
            forget_prepared_statements(driver)
        with anyio.CancelScope(shield=True), anyio.move_on_after(5.0):
            for driver in self._open:
                if not driver.is_closed():
                    try:
                        await driver.close(timeout=5.0)
                    except Exception:  # noqa: BLE001 - it is to be gone, in whatever state it is
                        driver.terminate()
        for driver in self._open:
            if not driver.is_closed():
                driver.terminate()


class Connector:
    """What one engine connects with.

    Args:
        maker: of all engines.
        place: file and line where the engine was made.
    """

    def __init__(self, maker: ConnectionMaker, place: str | None) -> None:
        self.maker = maker
        self.place = place

    def connect(
        self, dialect: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> EnvConnection:
        """Connect as another driver would with these arguments.

        Raises:
            UrlError: one of them cannot be honoured.
        """
        if self.maker.given is not None:
            return self.maker.connect_with_given(dialect, self.maker.given)
        autocommit = bool(kwargs.get("autocommit"))
        given = {name: value for name, value in kwargs.items() if name != "autocommit"}
        arguments, options = asyncpg_arguments(args, given, place=self.place)
        connection = self.maker.connect(
            dialect, with_defaults(arguments, self.maker.settings), options
        )
        connection.autocommit = autocommit
        return connection

    def adopted(self, dialect: Any, made: Any, what: str) -> EnvConnection:
        """A connection of asyncmig's in place of one that a ``creator`` or a ``do_connect`` listener made.

        Raises:
            UrlError: what it is connected with, or what was done on it, cannot be known.
        """
        if isinstance(made, EnvConnection):
            return made
        from asyncmig.alembic_compat.env_script.connections.adopted_connections import arguments_of

        kwargs, prelude = arguments_of(made, what, self.place)
        connection = self.connect(dialect, (), kwargs)
        made.close()
        if prelude:
            connection.wait(lambda: connection.driver_connection.execute(";\n".join(prelude)))
        return connection


def with_defaults(arguments: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The arguments, with what the project's own keys say where they are silent."""
    merged: dict[str, Any] = {
        "timeout": settings.connect_timeout or None,
        "command_timeout": settings.command_timeout or None,
        "statement_cache_size": settings.statement_cache_size,
    }
    merged |= arguments
    named = {"application_name": settings.application_name}
    merged["server_settings"] = named | dict(arguments.get("server_settings") or {})
    return merged


async def connect_when_ready(
    arguments: Mapping[str, Any], settings: Settings, emit: Callable[[Event], None]
) -> asyncpg.Connection:
    """Connect, and wait for a server that starts as long as ``wait_for_database`` says."""
    began = time.monotonic()
    while True:
        try:
            return await asyncpg.connect(**arguments)
        except DRIVER_ERRORS as error:
            elapsed = time.monotonic() - began
            remaining = settings.wait_for_database - elapsed
            if remaining <= 0 or not is_starting(error):
                raise
            emit(ConnectionWaiting(reason=str(error) or type(error).__name__, elapsed=elapsed))
            await anyio.sleep(min(remaining, random.uniform(0.2, 0.8)))  # noqa: S311 - jitter
