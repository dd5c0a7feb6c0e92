"""The settings of a session: its role and search path, the limits of a run, those of one statement."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.database.server_errors import server_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["milliseconds", "open_session", "run_settings", "statement_timeouts"]


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it; 0 is no limit."""
    return str(max(1, round(seconds * 1000)) if seconds else 0)


@asynccontextmanager
async def open_session(database: Database, settings: Settings) -> AsyncIterator[Session]:
    """A session with the role and the search path of the settings.

    Raises:
        DatabaseError: the server refused something that asyncmig itself asked for.
    """
    values = {} if settings.search_path is None else {"search_path": settings.search_path}
    try:
        async with (
            database.session() as session,
            session.settings(values, role=settings.role, until_close=True),
        ):
            yield session
    except asyncpg.PostgresError as error:
        raise server_error(error) from error


def run_settings(session: Session, settings: Settings) -> AbstractAsyncContextManager[None]:
    """The time limits of a run. Inside a transaction of the caller they are the caller's."""
    values = _timeouts(RetryPolicy.of(settings).timeout(0), settings.statement_timeout) | {
        # while a script computes, the session that holds the lock waits
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0",
        "standard_conforming_strings": "on",
    }
    if session.server_version >= 17:
        values["transaction_timeout"] = "0"
    return session.settings(values, until_close=True)


def statement_timeouts(
    session: Session,
    *,
    lock_timeout: float | None,
    statement_timeout: float | None,
    unlimited: bool = False,
) -> AbstractAsyncContextManager[None]:
    """The time limits of one statement outside a transaction, where ``SET LOCAL`` does nothing.

    Args:
        session: the migrating one.
        lock_timeout: in seconds; None leaves it.
        statement_timeout: likewise.
        unlimited: no limit at all, whatever was given: a concurrent index build that is cancelled
            leaves an invalid index behind.
    """
    if unlimited:
        lock_timeout = statement_timeout = 0.0
    return session.settings(_timeouts(lock_timeout, statement_timeout))


def _timeouts(lock_timeout: float | None, statement_timeout: float | None) -> dict[str, str]:
    given = {"lock_timeout": lock_timeout, "statement_timeout": statement_timeout}
    return {name: milliseconds(limit) for name, limit in given.items() if limit is not None}
