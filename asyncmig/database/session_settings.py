"""Session settings of a run, and putting them back on a connection that is not ours.

Each setting's old value is kept in a setting of its own on the server, so that saving and restoring
cost no answer to read.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.database.retry_policy import RetryPolicy, milliseconds
from asyncmig.database.server_errors import server_error
from asyncmig.database.session import CLEANUP_SECONDS
from asyncmig.errors import ConnectionLostError
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session

__all__ = ["prepared_run", "prepared_session"]


@asynccontextmanager
async def prepared_session(session: Session, settings: Settings) -> AsyncIterator[None]:
    """Take on the role and search path that were asked for.

    Raises:
        DatabaseError: the server refused something that asyncmig itself asked for.
    """
    try:
        async with _identity(session, settings):
            yield
    except asyncpg.PostgresError as error:
        raise server_error(error) from error


@asynccontextmanager
async def _identity(session: Session, settings: Settings) -> AsyncIterator[None]:
    if session.caller_transaction or (settings.role is None and settings.search_path is None):
        yield
        return
    values = {} if settings.search_path is None else {"search_path": settings.search_path}
    role = "" if settings.role is None else f"SET ROLE {identifier(settings.role)};"
    await session.send(role + _set(values))
    try:
        yield
    finally:
        back = "" if settings.role is None else "RESET ROLE;"
        await _restore_settings(session, back + _restore(values))


@asynccontextmanager
async def prepared_run(session: Session, settings: Settings) -> AsyncIterator[None]:
    """Set the time limits of a run. Inside a transaction of the caller they are the caller's."""
    if session.caller_transaction:
        yield
        return
    limits = {
        "lock_timeout": RetryPolicy.of(settings).timeout(0),
        "statement_timeout": settings.statement_timeout,
    }
    values = {name: milliseconds(limit) for name, limit in limits.items() if limit is not None} | {
        # while a script computes, the session that holds the lock waits
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0",
        "standard_conforming_strings": "on",
    }
    if session.server_version >= 17:
        values["transaction_timeout"] = "0"
    await session.send(_set(values))
    try:
        yield
    finally:
        await _restore_settings(session, _restore(values))


def _set(values: Mapping[str, str]) -> str:
    calls = [
        f"pg_catalog.set_config('asyncmig.was_{name}', pg_catalog.current_setting('{name}'), false),"
        f" pg_catalog.set_config('{name}', {literal(value)}, false)"
        for name, value in values.items()
    ]
    return f"SELECT {', '.join(calls)}" if calls else "SELECT"


def _restore(values: Mapping[str, str]) -> str:
    calls = [
        f"pg_catalog.set_config('{name}', pg_catalog.current_setting('asyncmig.was_{name}'), false)"
        for name in values
    ]
    return f"SELECT {', '.join(calls)}" if calls else "SELECT"


async def _restore_settings(session: Session, sql: str) -> None:
    if session.closed or (session.disposable and not session.pooled):
        return
    with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS) as scope:
        try:
            await session.roll_back()
            await session.send(sql)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionLostError):
            session.driver.terminate()
    if scope.cancelled_caught:
        session.driver.terminate()
