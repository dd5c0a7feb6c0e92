"""asyncmig.database.session_settings: what a script has changed is restored before the next one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.database.session_settings import (
    open_session,
    restore_settings,
    run_settings,
    statement_timeouts,
)
from asyncmig.errors import ConnectionLostError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OF_RUN = {
    "lock_timeout": "100",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "standard_conforming_strings": "on",
}
"""What a run sets with a lock timeout of 5 seconds and no statement timeout, before PostgreSQL 17."""


def set_config(name: str, value: str) -> str:
    return f"SELECT pg_catalog.set_config('{name}', '{value}', false)"


def restored(*changed: str, disposable: bool = True, version: int = 16, **settings) -> list[str]:
    session = SimpleNamespace(disposable=disposable, server_version=version)
    known = {"script_location": "migrations", "lock_timeout": 5.0, "statement_timeout": None}
    return restore_settings(session, Settings(**known | settings), frozenset(changed))


def test_nothing_was_changed() -> None:
    assert restored() == []


def test_a_setting_of_the_run_has_its_value_again() -> None:
    assert restored("lock_timeout") == [set_config("lock_timeout", "100")]
    assert restored("search_path", search_path="app, public") == [
        set_config("search_path", "app, public")
    ]


def test_another_setting_is_reset() -> None:
    assert restored("work_mem", "app.User") == ['RESET app."User"', "RESET work_mem"]
    assert restored("search_path") == ["RESET search_path"]


@pytest.mark.parametrize("changed", ["role", "session_authorization"])
def test_a_role_is_left(changed: str) -> None:
    assert restored(changed) == ["RESET SESSION AUTHORIZATION", "RESET ROLE"]
    assert restored(changed, role="Owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        'SET ROLE "Owner"',
    ]


def test_the_role_that_logged_in_restores_before_the_role_of_the_run_is_set() -> None:
    assert restored("role", "work_mem", role="owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        "RESET work_mem",
        "SET ROLE owner",
    ]


@pytest.mark.parametrize("version", [16, 17])
def test_after_reset_all_the_run_has_all_its_settings_again(version: int) -> None:
    wanted = OF_RUN | ({"transaction_timeout": "0"} if version >= 17 else {})
    assert restored("all", "work_mem", version=version, role="owner") == [
        "RESET SESSION AUTHORIZATION",
        "RESET ROLE",
        *(set_config(name, value) for name, value in sorted(wanted.items())),
        "SET ROLE owner",
    ]


def test_a_connection_that_was_handed_over_keeps_what_is_its_owners() -> None:
    assert restored("work_mem", disposable=False) == []


class Opened:
    """A database whose session is asked for its settings.

    Attributes:
        session: the session.
        asked: for what it was asked.
    """

    def __init__(self, *, closed: bool = False, refuses: Exception | None = None) -> None:
        self.session = self
        self.closed = closed
        self.server_version = 16
        self.asked: list[object] = []
        self._refuses = refuses

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Any]:
        yield self

    @asynccontextmanager
    async def answering(self, seconds: float | None, doing: str) -> AsyncIterator[None]:
        self.asked.append((seconds, doing))
        yield

    @asynccontextmanager
    async def settings(self, values: dict[str, str], **options: Any) -> AsyncIterator[None]:
        self.asked.append((values, options))
        if self._refuses is not None:
            raise self._refuses
        yield
        self.asked.append("left")


def opening(opened: Opened, **fields: Any) -> Any:
    database: Any = SimpleNamespace(session=opened.open)
    return open_session(database, Settings(**{"script_location": "migrations"} | fields))


@pytest.mark.parametrize(("timeout", "limit"), [(3.0, 3.0), (0.0, None)])
async def test_a_session_has_the_role_and_the_search_path(timeout, limit) -> None:
    opened = Opened()
    async with opening(opened, role="owner", search_path="app", connect_timeout=timeout) as session:
        assert session is opened
        assert "left" not in opened.asked
    assert opened.asked == [
        (limit, "setting its role"),
        ({"search_path": "app"}, {"role": "owner", "until_close": True}),
        "left",
    ]


async def test_a_session_without_settings() -> None:
    opened = Opened()
    async with opening(opened):
        pass
    assert opened.asked[1] == ({}, {"role": None, "until_close": True})


async def test_a_role_that_the_server_refuses() -> None:
    refused = asyncpg.InvalidParameterValueError('role "owner" does not exist')
    with pytest.raises(DatabaseError, match="does not exist"):
        async with opening(Opened(refuses=refused), role="owner"):
            pass


LOST = asyncpg.ConnectionDoesNotExistError("connection was closed")


@pytest.mark.parametrize(
    ("error", "closed", "lost"),
    [
        (LOST, False, True),
        (LOST, True, True),
        (OSError("no such file"), False, False),
        (OSError("broken pipe"), True, True),
        (asyncpg.InterfaceError("another operation"), False, False),
        (asyncpg.InterfaceError(""), True, True),
    ],
)
async def test_an_error_on_a_connection_that_is_gone_says_so(error, closed, lost) -> None:
    kind = ConnectionLostError if lost else type(error)
    with pytest.raises(kind) as raised:
        async with opening(Opened(closed=closed)):
            raise error
    if lost:
        assert (str(error) or "InterfaceError") in str(raised.value)


async def test_an_error_of_the_server_in_the_block_is_reported_as_its() -> None:
    with pytest.raises(DatabaseError, match="no table"):
        async with opening(Opened()):
            raise asyncpg.UndefinedTableError("no table")


def test_the_limits_of_a_run() -> None:
    settings = Settings(
        script_location="migrations", lock_timeout=5.0, statement_timeout=2.5, lock_retries=3
    )
    asked: list[Any] = []
    session: Any = SimpleNamespace(
        server_version=16, settings=lambda values, **options: asked.append((values, options))
    )
    run_settings(session, settings)
    assert asked == [
        (OF_RUN | {"statement_timeout": "2500"}, {"until_close": True, "keep_role": True})
    ]


@pytest.mark.parametrize(
    ("lock", "statement", "unlimited", "values"),
    [
        (5.0, None, False, {"lock_timeout": "5000"}),
        (None, 0.0001, False, {"statement_timeout": "1"}),
        (0.0, 1.5, False, {"lock_timeout": "0", "statement_timeout": "1500"}),
        (5.0, 5.0, True, {"lock_timeout": "0", "statement_timeout": "0"}),
        (None, None, False, {}),
    ],
)
def test_the_limits_of_one_statement(lock, statement, unlimited, values) -> None:
    asked: list[Any] = []
    session: Any = SimpleNamespace(settings=asked.append)
    statement_timeouts(session, lock_timeout=lock, statement_timeout=statement, unlimited=unlimited)
    assert asked == [values]
