"""Errors that a script handles itself: how the journal keeps them, and how a replay raises them again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from asyncmig.database.server_errors import postgres_error, sqlstate_of
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from asyncmig.errors import StatementFailedError

__all__ = [
    "ScriptStoppedError",
    "driver_error",
    "is_lock_timeout",
    "keep_when_stopped",
    "recorded_text",
    "restored_error",
]

_RECORDED = re.compile(r"(?s)(?P<message>.*) \(SQLSTATE (?P<state>\w{5})\)")
_LOCK_NOT_AVAILABLE = "55P03"
_NOWAIT = re.compile(r"\bNOWAIT\b", re.IGNORECASE)


class ScriptStoppedError(BaseException):
    """Ends a script with a failure that is not its own to handle.

    It derives from BaseException so that the script's ``except Exception`` does not catch it.

    Args:
        failure: what the run fails with.
    """

    def __init__(self, failure: Exception) -> None:
        self.failure = failure


def keep_when_stopped(connection: Connection) -> None:
    """Keep a connection through which a script is stopped.

    SQLAlchemy closes the driver's connection when anything but an ``Exception`` passes; but here nothing was
    sent, the runner still needs it, and it may be the caller's. Undone by deleting the attribute.
    """
    invalidate = connection.invalidate

    def invalidate_unless_stopped(exception: BaseException | None = None) -> None:
        if not isinstance(exception, ScriptStoppedError):
            invalidate(exception)

    vars(connection)["invalidate"] = invalidate_unless_stopped


def recorded_text(error: asyncpg.PostgresError) -> str:
    """An error as the journal keeps it."""
    sent = Statement(sql=str(getattr(error, "query", None) or ""))
    from asyncmig.database.statement_failures import server_message

    return f"{server_message(error, sent)} (SQLSTATE {sqlstate_of(error)})"


def restored_error(text: str) -> asyncpg.PostgresError:
    """The error of a journal's row."""
    found = _RECORDED.fullmatch(text)
    message, state = (text, "XX000") if found is None else (found["message"], found["state"])
    error: asyncpg.PostgresError = asyncpg.PostgresError.new(
        {"S": "ERROR", "C": state, "M": message}
    )
    return error


def is_lock_timeout(error: asyncpg.PostgresError, sql: str) -> bool:
    """True where the lock_timeout of the run ended a statement, and not a NOWAIT of its own."""
    return sqlstate_of(error) == _LOCK_NOT_AVAILABLE and not _NOWAIT.search(sql)


def driver_error(connection: Connection, failure: StatementFailedError) -> BaseException:
    """What SQLAlchemy raises when a statement is refused with this error.

    Args:
        connection: whose dialect names the classes.
        failure: the failure, whose cause is the server's error.
    """
    server = postgres_error(failure)
    sql = str(failure.fields().get("sql") or "")
    if server is None:
        return failure
    dialect: Any = connection.dialect
    raised_for = getattr(dialect, "raised_for", None)
    if raised_for is not None:
        raised: BaseException = raised_for(server, sql)
        return raised
    adapted: Any = connection.connection.dbapi_connection
    try:
        adapted._handle_exception(server)  # noqa: SLF001 - SQLAlchemy has the table of classes nowhere else
    except dialect.loaded_dbapi.Error as translated:
        wrapped: BaseException = DBAPIError.instance(
            sql, None, translated, dialect.loaded_dbapi.Error, dialect=dialect
        )
        return wrapped
    except asyncpg.PostgresError:
        pass
    return failure
