"""The settings of a session: its role and search path, the limits of a run, those of one statement."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.database.server_errors import DRIVER_ERRORS, is_disconnect, server_error
from asyncmig.database.session import connection_lost
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from collections.abc import Set as AbstractSet
    from contextlib import AbstractAsyncContextManager

    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["milliseconds", "open_session", "restore_settings", "run_settings", "statement_timeouts"]

_ROLES = frozenset({"role", "session_authorization"})


def milliseconds(seconds: float) -> str:
    """A time as PostgreSQL's settings take it; 0 means no limit."""
    return str(max(1, round(seconds * 1000)) if seconds else 0)


@asynccontextmanager
async def open_session(database: Database, settings: Settings) -> AsyncIterator[Session]:
    """A session with the role and the search path of the settings.

    Raises:
        DatabaseError: the server refused something that asyncmig itself asked for.
    """
    values = {} if settings.search_path is None else {"search_path": settings.search_path}
    try:
        async with database.session() as session, AsyncExitStack() as configured:
            async with session.answering(settings.connect_timeout or None, "setting its role"):
                await configured.enter_async_context(
                    session.settings(values, role=settings.role, until_close=True)
                )
            with _reporting_loss(session):
                yield session
    except asyncpg.PostgresError as error:
        raise server_error(error) from error


@contextmanager
def _reporting_loss(session: Session) -> Iterator[None]:
    """Whatever call of the driver notices first that the connection is gone: its error says so.

    An OSError of a file is none: the connection is still open then.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        if session.closed or (is_disconnect(error) and not isinstance(error, OSError)):
            raise connection_lost(str(error) or type(error).__name__) from error
        raise


def run_settings(session: Session, settings: Settings) -> AbstractAsyncContextManager[None]:
    """The time limits of a run. Inside a transaction of the caller they are the caller's."""
    return session.settings(_run_values(session, settings), until_close=True, keep_role=True)


def restore_settings(session: Session, settings: Settings, changed: AbstractSet[str]) -> list[str]:
    """Statements that end what a script has changed: each setting is again what it was for the run.

    Only on a connection of asyncmig's own. The settings of a connection that was handed over are its
    owner's, and RESET would lose them.

    Args:
        session: the migrating one.
        settings: the configured role, search path and time limits.
        changed: the names, as ``changed_settings`` gives them.
    """
    if not (changed and session.disposable):
        return []
    from asyncmig.sql.changed_settings import (
        ALL_SETTINGS,  # the script that changed them has been read
    )

    everything = ALL_SETTINGS in changed
    values = _run_values(session, settings)
    if settings.search_path is not None:
        values["search_path"] = settings.search_path
    wanted = sorted(values) if everything else sorted({*changed} - {*_ROLES})
    restored = [
        f"SELECT pg_catalog.set_config({literal(name)}, {literal(values[name])}, false)"
        if name in values
        else f"RESET {_setting_name(name)}"
        for name in wanted
    ]
    if not (everything or changed & _ROLES):
        return restored
    # first back to the role that logged in: it may set what the script's role may not
    role = [] if settings.role is None else [f"SET ROLE {identifier(settings.role)}"]
    return ["RESET SESSION AUTHORIZATION", "RESET ROLE", *restored, *role]


def _setting_name(name: str) -> str:
    return ".".join(map(identifier, name.split(".")))


def _run_values(session: Session, settings: Settings) -> dict[str, str]:
    values = _timeouts(RetryPolicy.of(settings).timeout(0), settings.statement_timeout) | {
        # while a script computes, the session that holds the lock waits
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "0",
        "standard_conforming_strings": "on",
    }
    if session.server_version >= 17:
        values["transaction_timeout"] = "0"
    return values


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
