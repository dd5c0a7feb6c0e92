"""Where a copy of a database is built: a scratch database on some server, dropped at the end."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg

from asyncmig.database.connections import release_connection, wrap_connection
from asyncmig.errors import AsyncmigError
from asyncmig.shadow.targets import shadow_of
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session

__all__ = ["CopyPlace", "NoCopyError", "open_copy"]

_CLEANUP_SECONDS = 10.0
_TARGET = "scratch database on the same server"


class NoCopyError(Exception):
    """No place for a copy was found; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlace:
    """An empty database.

    Attributes:
        name: where it is, for people.
        connection: runs statements.
        watcher: a second connection.
        foreign: it is on another server than the target.
        stack: closes what belongs to it.
    """

    name: str
    connection: asyncpg.Connection
    watcher: asyncpg.Connection
    foreign: bool
    stack: AsyncExitStack

    async def sqlalchemy(self) -> AsyncConnection:
        """SQLAlchemy's view of the connection, until the copy is dropped."""
        view = await wrap_connection(self.connection)
        self.stack.push_async_callback(release_connection, view, self.connection)
        return view


@asynccontextmanager
async def open_copy(session: Session, settings: Settings) -> AsyncIterator[CopyPlace]:
    """An empty scratch database: on the server of ``shadow_url``, on that of the target, or embedded.

    Args:
        session: a session of the target; it only gives the address and credentials.
        settings: of the project.

    Raises:
        NoCopyError: none of them can be used.
    """
    async with AsyncExitStack() as stack:
        place = await _open_first(stack, session, settings)
        yield place


async def _open_first(stack: AsyncExitStack, session: Session, settings: Settings) -> CopyPlace:
    major = session.server_version
    shadow = shadow_of(settings)
    if shadow is not None:
        try:
            host = await stack.enter_async_context(shadow.session())
            return await _scratch(stack, host, f"scratch database in {shadow.name}", major)
        except (AsyncmigError, asyncpg.PostgresError, OSError) as error:
            raise NoCopyError(f"shadow_url cannot be used: {error}") from error
    reasons = []
    try:
        return await _scratch(stack, session, _TARGET, major, foreign=False)
    except (asyncpg.PostgresError, OSError, NoCopyError) as error:
        reasons.append(f"no scratch database on the server of the target: {error}")
    try:
        from asyncmig.shadow.targets import EmbeddedShadow

        host = await stack.enter_async_context(EmbeddedShadow(settings).session())
        return await _scratch(stack, host, "embedded server", major)
    except (AsyncmigError, asyncpg.PostgresError, OSError, NoCopyError) as error:
        reasons.append(f"no embedded server: {error}")
    raise NoCopyError("; ".join(reasons))


async def _scratch(
    stack: AsyncExitStack, host: Session, name: str, major: int, *, foreign: bool = True
) -> CopyPlace:
    if host.server_version != major:
        raise NoCopyError(f"{name} is PostgreSQL {host.server_version}, and the target is {major}")
    if host.caller_transaction:
        raise NoCopyError("a transaction is open on the connection that was handed over")
    database = f"asyncmig_shadow_{secrets.token_hex(6)}"
    await host.driver.execute(f"CREATE DATABASE {identifier(database)} TEMPLATE template0")
    stack.push_async_callback(_drop, host.driver, database)
    connection = await _connect(stack, host.driver, database)
    watcher = await _connect(stack, host.driver, database)
    return CopyPlace(
        name=name, connection=connection, watcher=watcher, foreign=foreign, stack=stack
    )


async def _drop(driver: asyncpg.Connection, database: str) -> None:
    with anyio.CancelScope(shield=True), anyio.move_on_after(_CLEANUP_SECONDS):
        await driver.execute(f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE)")


async def _connect(
    stack: AsyncExitStack, driver: asyncpg.Connection, database: str
) -> asyncpg.Connection:
    """Another connection to the server of one that exists, to another of its databases."""
    known: Any = driver
    address, parameters = known._addr, known._params  # noqa: SLF001 - asyncpg tells them nowhere else
    host, port = (address, None) if isinstance(address, str) else (address[0], address[1])
    if isinstance(address, str):  # .../.s.PGSQL.5432
        host, _, last = address.rpartition("/")
        port = int(last.rpartition(".")[2])
    encrypted = known._transport.get_extra_info("ssl_object") is not None  # noqa: SLF001 - likewise
    connection = await asyncpg.connect(
        host=host,
        port=port,
        user=parameters.user,
        password=parameters.password,
        ssl=parameters.ssl if encrypted else False,
        database=database,
        statement_cache_size=0,
    )
    stack.push_async_callback(_close, connection)
    return connection


async def _close(connection: asyncpg.Connection) -> None:
    with anyio.CancelScope(shield=True), anyio.move_on_after(_CLEANUP_SECONDS):
        await connection.close()
