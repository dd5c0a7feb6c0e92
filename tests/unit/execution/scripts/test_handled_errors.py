"""asyncmig.execution.scripts.handled_errors: errors that a script handles, in the journal and in a replay."""

from __future__ import annotations

from types import SimpleNamespace

import asyncpg
import pytest

from asyncmig.errors import StatementFailedError
from asyncmig.execution.scripts.handled_errors import (
    ScriptStoppedError,
    driver_error,
    is_lock_timeout,
    keep_when_stopped,
    recorded_text,
    restored_error,
)

MISSING = asyncpg.UndefinedTableError("no table t")


def test_a_connection_outlives_the_end_of_its_script_only() -> None:
    closed: list[BaseException | None] = []
    connection = SimpleNamespace(invalidate=closed.append)
    keep_when_stopped(connection)  # type: ignore[arg-type]  # what is used of one
    connection.invalidate(ScriptStoppedError(ValueError("stop")))
    assert closed == []
    lost = OSError("lost")
    connection.invalidate(lost)
    connection.invalidate()
    assert closed == [lost, None]


def test_an_error_is_read_from_the_journal_as_it_was_written() -> None:
    text = recorded_text(MISSING)
    assert text == "no table t (SQLSTATE 42P01)"
    error = restored_error(text)
    assert (type(error), str(error)) == (asyncpg.UndefinedTableError, "no table t")


def test_a_secret_of_the_statement_is_not_written() -> None:
    error = asyncpg.PostgresSyntaxError("syntax error at or near \"'hidden'\"")
    error.query = "ALTER ROLE app PASSWORD 'hidden' oops"
    assert "hidden" not in recorded_text(error)
    error.query = None
    assert "hidden" in recorded_text(error)


def test_a_text_of_another_form_is_an_internal_error() -> None:
    error = restored_error("of an older version")
    assert (error.sqlstate, str(error)) == ("XX000", "of an older version")


@pytest.mark.parametrize(
    ("error", "sql", "timeout"),
    [
        (asyncpg.LockNotAvailableError("x"), "LOCK TABLE t", True),
        (asyncpg.LockNotAvailableError("x"), "LOCK TABLE t nowait", False),
        (MISSING, "LOCK TABLE t", False),
    ],
)
def test_a_lock_timeout_is_of_the_run_unless_the_statement_does_not_wait(
    error, sql, timeout
) -> None:
    assert is_lock_timeout(error, sql) is timeout


class DBAPIError(Exception):
    """Of a driver."""


def refused(cause: Exception | None) -> StatementFailedError:
    failure = StatementFailedError("refused", sql="SELECT FROM t")
    failure.__cause__ = cause
    return failure


def connection(handle) -> SimpleNamespace:
    dialect = SimpleNamespace(
        loaded_dbapi=SimpleNamespace(Error=DBAPIError), dbapi_exception_translation_map={}
    )
    driver = SimpleNamespace(_handle_exception=handle)
    return SimpleNamespace(dialect=dialect, connection=SimpleNamespace(dbapi_connection=driver))


def test_a_dialect_of_its_own_says_what_it_raises() -> None:
    own = SimpleNamespace(dialect=SimpleNamespace(raised_for=lambda error, sql: (error, sql)))
    assert driver_error(own, refused(MISSING)) == (MISSING, "SELECT FROM t")  # type: ignore[arg-type]  # what is used of one


def test_a_failure_without_an_error_of_the_server_stays() -> None:
    failure = refused(None)
    assert driver_error(connection(None), failure) is failure  # type: ignore[arg-type]  # likewise


def test_sqlalchemy_wraps_the_error_of_the_driver() -> None:
    def handle(error: Exception) -> None:
        raise DBAPIError("translated") from error

    raised = driver_error(connection(handle), refused(MISSING))  # type: ignore[arg-type]  # likewise
    assert "translated" in str(raised)
    assert "SELECT FROM t" in str(raised)


def test_an_error_that_the_driver_does_not_know_stays_a_failure() -> None:
    def handle(error: Exception) -> None:
        raise error

    failure = refused(MISSING)
    assert driver_error(connection(handle), failure) is failure  # type: ignore[arg-type]  # likewise
