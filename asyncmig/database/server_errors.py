"""Errors of PostgreSQL and of the driver: what they are, and the error of a statement of asyncmig's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.events import Blocker

__all__ = [
    "DRIVER_ERRORS",
    "TRANSIENT_STATES",
    "describe_blockers",
    "driver_error_in",
    "is_disconnect",
    "position_of",
    "postgres_error",
    "server_error",
    "sqlstate_of",
]

TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATEs that another attempt may avoid: serialization failure, deadlock, lock not available."""


def sqlstate_of(error: BaseException) -> str | None:
    """The SQLSTATE of an error of PostgreSQL."""
    state: str | None = getattr(error, "sqlstate", None)
    return state


DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What a call of the driver may raise: the server's errors, the driver's own, and the network's."""


def is_disconnect(error: BaseException) -> bool:
    """True when the connection is lost."""
    return isinstance(
        error,
        OSError
        # what the driver raises when the server ends the session between two messages
        | asyncpg.InternalClientError
        | asyncpg.PostgresConnectionError
        | asyncpg.AdminShutdownError
        | asyncpg.CrashShutdownError
        | asyncpg.IdleSessionTimeoutError
        | asyncpg.IdleInTransactionSessionTimeoutError,
    )


def server_error(error: asyncpg.PostgresError) -> DatabaseError:
    """The error of a statement that asyncmig itself sent."""
    text = str(error).replace("\n", " ")
    advice = {
        "3F000": "create it with `CREATE SCHEMA`, or correct version_table_schema: a schema that is mistyped "
        "would begin the history anew, so none is made",
        "42501": "the role needs to read and write the version table and the journal, and CREATE on their "
        "schema when they do not exist yet; `role` names another one",
        "25006": "the server is read-only (a standby?): migrate on the primary",
        "53100": "the server's disk is full",
        "P0001": "a function of the database raised this, an event trigger's perhaps; for a comparison, "
        "shadow_url builds the models elsewhere",
        "22023": "a setting has a value that this server does not take",
        "55P03": "another session holds the lock, and the server's lock_timeout is over: let it finish or "
        "end it",
        "57014": "it ran into the server's statement_timeout, or was cancelled",
    }
    return DatabaseError(
        f"PostgreSQL refused: {text}",
        hint=advice.get(sqlstate_of(error) or ""),
        sqlstate=sqlstate_of(error),
    )


def postgres_error(error: BaseException | None) -> asyncpg.PostgresError | None:
    """The server's own error inside whatever wraps it."""
    return next(
        (each for each in _wrapped_errors(error) if isinstance(each, asyncpg.PostgresError)), None
    )


def driver_error_in(error: BaseException) -> BaseException | None:
    """The error of a call of the driver inside whatever wraps it: one of ``DRIVER_ERRORS``."""
    return next((each for each in _wrapped_errors(error) if isinstance(each, DRIVER_ERRORS)), None)


def _wrapped_errors(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        context = None if current.__suppress_context__ else current.__context__
        current = getattr(current, "orig", None) or current.__cause__ or context


def describe_blockers(blockers: tuple[Blocker, ...]) -> str:
    """All of them in one line."""
    return "; ".join(str(blocker) for blocker in blockers)


def position_of(error: asyncpg.PostgresError) -> int | None:
    """The character of the message that the server points to, from 1."""
    raw = getattr(error, "position", None)
    return int(raw) if raw and str(raw).isdigit() else None
