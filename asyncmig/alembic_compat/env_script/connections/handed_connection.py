"""The connection that an ``env.py`` configured, as a database for the runner.

Whether the run happens inside a transaction of ``env.py`` is decided as Alembic decides it: a transaction
that was open when ``configure()`` was called, or that ``begin()`` opened, stays the file's own. The one of
``context.begin_transaction()`` is the runner's business, and what was executed in it is committed first.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
from sqlalchemy.util import await_only

from asyncmig.alembic_compat.env_script.connections.dbapi import EnvConnection
from asyncmig.alembic_compat.env_script.statements import Carried, carried_over
from asyncmig.database.connections import ConnectionDatabase, observing
from asyncmig.database.session import CLEANUP_SECONDS, Session
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.alembic_compat.env_script.connections.engines import EnvEngines
    from asyncmig.alembic_compat.env_script.statements import StatementLog
    from asyncmig.alembic_compat.env_script.thread import LoopThread
    from asyncmig.database.connections import Database

__all__ = ["HandedConnection"]


class HandedConnection:
    """One call of ``run_migrations()`` and its connection.

    Args:
        connection: what ``configure()`` was given.
        external: whether a transaction was open then.
        engines: know how a transaction began.
        thread: whose loop migrates.
        log: what the file has executed.

    Attributes:
        inside: whether the run is inside a transaction of the file's.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        external: bool,
        engines: EnvEngines,
        thread: LoopThread,
        log: StatementLog,
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._log = log
        dbapi: Any = connection.connection.dbapi_connection
        self._dbapi = dbapi
        self._is_asyncpg = not isinstance(dbapi, EnvConnection)
        self._key: Any = connection if self._is_asyncpg else dbapi
        statements = log.in_transaction(self._key)
        explicit = connection.in_transaction() and engines.began_explicitly(connection)
        autocommit = bool(self._dbapi.autocommit)
        self._carried = Carried() if external or explicit else carried_over(statements)
        self.inside = not autocommit and (external or explicit or self._carried.binding is not None)

    @property
    def driver(self) -> asyncpg.Connection:
        """The asyncpg connection."""
        driver: asyncpg.Connection = self._dbapi.driver_connection
        return driver

    @property
    def key(self) -> Any:
        """What the log knows the connection by."""
        return self._key

    @property
    def may_have_settings(self) -> bool:
        """Whether the file executes on it, or connects with settings of the session."""
        if self._is_asyncpg or self._log.was_used(self._key):
            return True
        sent = self._dbapi.arguments.get("server_settings", {})
        return bool(set(sent) - {"application_name"})

    @property
    def psycopg2_compat(self) -> bool:
        """Whether scripts are to find psycopg2's habits on it."""
        return not self._is_asyncpg

    @property
    def schema_translate_map(self) -> Mapping[str | None, str | None]:
        """The execution option of the connection."""
        told = self._connection.get_execution_options().get("schema_translate_map") or {}
        return {name: schema for name, schema in told.items() if name != "_none"}

    @property
    def url(self) -> Any:
        """SQLAlchemy's URL of its engine."""
        return self._connection.engine.url

    @property
    def connected_url(self) -> str:
        """The URL of the engine with the login and the TLS arguments that it has connected with."""
        from urllib.parse import parse_qsl, urlsplit

        parameters: Any = self.driver._params  # noqa: SLF001 - asyncpg tells them nowhere else
        password = parameters.password if isinstance(parameters.password, str) else None
        url = self.url.set(
            username=parameters.user,
            password=password or self.url.password,
            database=parameters.database,
        )
        if not self._is_asyncpg:
            arguments = self._dbapi.arguments
            query = dict(parse_qsl(urlsplit(arguments.get("dsn") or "").query))
            if isinstance(arguments.get("ssl"), str):
                query["sslmode"] = arguments["ssl"]
            url = url.update_query_dict(query)
        text: str = url.render_as_string(hide_password=False)
        return text

    def settings_of_env(self, names: tuple[str, ...]) -> dict[str, str]:
        """Those of these settings that the file, or what it connects with, has set."""
        wanted = ", ".join(literal(name) for name in names)
        query = (
            "SELECT name, setting FROM pg_catalog.pg_settings "
            f"WHERE source IN ('client', 'session') AND name IN ({wanted})"
        )

        async def asked() -> dict[str, str]:
            return {row["name"]: row["setting"] for row in await self.driver.fetch(query)}

        found: dict[str, str] = self._await(asked)
        return found

    def _await(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """Await something in the loop where the driver lives."""
        if self._is_asyncpg:
            return await_only(make())
        return self._thread.wait(make)

    def run(self, work: Callable[[Database], Awaitable[None]]) -> None:
        """Do the work on the connection, and return when it is done; called where ``env.py`` runs."""
        if self.inside:
            self._begin()
        else:
            self._settle()
        self._log.handed.add(id(self._key))
        try:
            self._await(lambda: self._worked(work))
        finally:
            self._log.handed.discard(id(self._key))

    def _begin(self) -> None:
        """Open the file's transaction on the server, where drivers wait for its first statement."""
        if self._is_asyncpg:
            if not self.driver.is_in_transaction():
                self._connection.exec_driver_sql("SELECT 1")
        else:
            self._dbapi.begin()

    def _settle(self) -> None:
        """Commit what the file has executed, and keep what it holds for the run."""
        for take, _ in self._carried.locks:
            self._execute(take)
        self._dbapi.commit()
        self._log.committed(self._key)

    def _execute(self, sql: str) -> None:
        async def sent() -> None:
            await self.driver.execute(sql)

        self._await(sent)

    async def _worked(self, work: Callable[[Database], Awaitable[None]]) -> None:
        before: list[tuple[str, str | None]] = []
        driver = self.driver
        try:
            for name, statement in self._carried.settings:
                before.append((name, await _current(driver, name)))
                await driver.execute(statement)
            await work(self._database())
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS):
                if not driver.is_closed() and not driver.is_in_transaction():
                    await self._put_back(before)

    async def _put_back(self, before: list[tuple[str, str | None]]) -> None:
        statements = [
            f"SELECT pg_catalog.set_config({literal(_name(name))}, {literal(value)}, false)"
            for name, value in reversed(before)
            if value is not None
        ]
        statements += [free for _, free in self._carried.locks]
        if statements:
            await self.driver.execute(";\n".join(statements))

    def _database(self) -> Database:
        if self._is_asyncpg:
            from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

            return ConnectionDatabase(
                AsyncConnection(AsyncEngine(self._connection.engine), self._connection),
                inside=self.inside,
            )
        return _EnvDatabase(self._dbapi, self._connection, inside=self.inside)


class _EnvDatabase:
    """Sessions on the connection of a synchronous ``env.py``."""

    def __init__(self, dbapi: EnvConnection, connection: Connection, *, inside: bool) -> None:
        self._dbapi = dbapi
        self._inside = inside
        self.name: str = connection.engine.url.set(drivername="postgresql").render_as_string(
            hide_password=True
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The connection for migrating."""
        driver: asyncpg.Connection = self._dbapi.driver_connection

        async def without_view() -> AsyncConnection:
            raise NotImplementedError  # scripts see it through psycopg2_compat's database

        if self._dbapi.isolation or self._dbapi.readonly is not None:
            await driver.execute(_characteristics(self._dbapi))
        session = Session(driver, without_view, caller_transaction=self._inside)
        try:
            yield session
        finally:
            with anyio.CancelScope(shield=True):
                await session.roll_back()

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[asyncpg.Connection | None]:
        """A second connection that only looks, connected with the same arguments."""
        if self._dbapi.observer is not None:
            async with self._dbapi.observer() as given:
                yield given
            return
        async with observing(lambda: asyncpg.connect(**self._dbapi.arguments)) as driver:
            yield driver


def _characteristics(dbapi: EnvConnection) -> str:
    """What the file's engine asks of each transaction, for those of the runner."""
    level = f" ISOLATION LEVEL {dbapi.isolation}" if dbapi.isolation else ""
    access = {True: " READ ONLY", False: " READ WRITE", None: ""}[dbapi.readonly]
    return f"SET SESSION CHARACTERISTICS AS TRANSACTION{level}{access}"


def _name(written: str) -> str:
    """A setting's name of a SET statement."""
    words = " ".join(written.split()).upper()
    return {"TIME ZONE": "TimeZone", "ROLE": "role"}.get(words, written.strip('"'))


async def _current(driver: asyncpg.Connection, name: str) -> str | None:
    value: str | None = await driver.fetchval(
        f"SELECT pg_catalog.current_setting({literal(_name(name))}, true)"
    )
    return value
