"""asyncmig.database.session and session_settings: what is sent, and what is restored."""

from __future__ import annotations

from types import SimpleNamespace

import anyio
import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.database import session as module
from asyncmig.database.session import Session
from asyncmig.database.session_settings import milliseconds, run_settings, statement_timeouts
from asyncmig.errors import PoolingError


class Driver:
    """An asyncpg connection without a server."""

    def __init__(self, *, fails: str | None = None, hangs: bool = False, version: int = 16) -> None:
        self.messages: list[str] = []
        self.fails, self.hangs = fails, hangs
        self.closed = self.transaction = False
        self.version = version

    async def execute(self, sql: str) -> None:
        self.messages.append(sql)
        if self.hangs:
            await anyio.sleep_forever()
        if self.fails is not None and self.fails in sql:
            raise asyncpg.UndefinedTableError("no such table")

    def is_closed(self) -> bool:
        return self.closed

    def is_in_transaction(self) -> bool:
        return self.transaction

    def terminate(self) -> None:
        self.closed = True

    def get_server_pid(self) -> int:
        return 7

    def get_server_version(self) -> SimpleNamespace:
        return SimpleNamespace(major=self.version)


def session(driver: Driver, **options) -> Session:
    async def never() -> None:
        raise AssertionError

    return Session(driver, never, **options)


def kept(name: str, depth: int = 1) -> str:
    return f"asyncmig.kept_{depth}_{name}"


class TestSettings:
    async def test_the_server_keeps_the_old_values(self) -> None:
        driver = Driver()
        async with session(driver).settings({"lock_timeout": "100"}):
            assert driver.messages == [
                (
                    f";;SELECT pg_catalog.set_config('{kept('lock_timeout')}', "
                    "pg_catalog.current_setting('lock_timeout'), false), "
                    "pg_catalog.set_config('lock_timeout', '100', false)"
                )
            ]
        assert driver.messages[1:] == [
            (
                ";SELECT pg_catalog.set_config('lock_timeout', "
                f"pg_catalog.current_setting('{kept('lock_timeout')}'), false)"
            )
        ]

    async def test_settings_inside_settings_keep_their_own(self) -> None:
        driver = Driver()
        own = session(driver)
        async with own.settings({"a": "1"}), own.settings({"a": "2"}):
            pass
        assert kept("a", 2) in driver.messages[1]
        assert kept("a", 2) in driver.messages[2]
        assert kept("a", 1) in driver.messages[3]

    async def test_a_role_is_set_first_and_reset(self) -> None:
        driver = Driver()
        async with session(driver).settings({}, role="the owner"):
            pass
        assert driver.messages == [';SET ROLE "the owner";', "RESET ROLE;"]

    async def test_the_lock_is_asked_for_in_the_same_message(self) -> None:
        driver = Driver()
        own = session(driver)
        own.check_backend_pid(7)
        own.set_lock_guard(5)
        async with own.settings({}):
            pass
        (message,) = driver.messages
        assert "CASE WHEN pg_catalog.pg_backend_pid() <> 7" in message
        assert "WHEN NOT pg_catalog.pg_try_advisory_xact_lock(5)" in message

    @pytest.mark.parametrize("values", [{}, {"a": "1"}])
    async def test_a_transaction_of_the_caller_keeps_its_own(self, values) -> None:
        driver = Driver()
        async with session(driver, caller_transaction=True).settings(values, role="r"):
            pass
        assert driver.messages == []

    async def test_nothing_is_sent_for_nothing(self) -> None:
        driver = Driver()
        async with session(driver).settings({}):
            pass
        assert driver.messages == []

    @pytest.mark.parametrize(("until_close", "messages"), [(True, 1), (False, 2)])
    async def test_they_may_stay_on_a_connection_that_is_closed(
        self, until_close, messages
    ) -> None:
        driver = Driver()
        own = session(driver, disposable=True)
        own.check_backend_pid(7)
        async with own.settings({"a": "1"}, until_close=until_close):
            pass
        assert len(driver.messages) == messages

    async def test_behind_a_proxy_they_are_restored(self) -> None:
        driver = Driver()
        own = session(driver, disposable=True)
        own.check_backend_pid(99)  # not what the driver was given at login
        async with own.settings({"a": "1"}, until_close=True):
            pass
        assert len(driver.messages) == 2

    async def test_a_connection_that_is_gone_is_left_alone(self) -> None:
        driver = Driver()
        async with session(driver, disposable=True).settings({"a": "1"}, until_close=True):
            driver.closed = True
        assert len(driver.messages) == 1

    async def test_an_open_transaction_is_rolled_back_first(self) -> None:
        driver = Driver()
        async with session(driver).settings({"a": "1"}):
            driver.transaction = True
        assert driver.messages[1] == "ROLLBACK"


class TestCleanUp:
    async def test_a_connection_that_cannot_be_cleaned_up_is_dropped(self) -> None:
        driver = Driver(fails="SELECT")
        await session(driver).clean_up("SELECT 1")
        assert driver.closed

    async def test_it_never_hangs(self, monkeypatch) -> None:
        monkeypatch.setattr(module, "CLEANUP_SECONDS", 0.01)
        driver = Driver(hangs=True)
        await session(driver).clean_up("SELECT 1")
        assert driver.closed

    async def test_it_is_not_cancelled(self) -> None:
        driver = Driver()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await session(driver).clean_up("SELECT 1")
        assert driver.messages == ["SELECT 1"]
        assert not driver.closed

    @pytest.mark.parametrize(
        ("transaction", "interrupted", "messages"),
        [(False, False, []), (True, False, ["ROLLBACK"]), (False, True, ["ROLLBACK"])],
    )
    async def test_roll_back_where_there_may_be_a_transaction(
        self, transaction, interrupted, messages
    ) -> None:
        driver = Driver()
        driver.transaction = transaction
        own = session(driver)
        own.interrupted = interrupted
        await own.roll_back()
        assert driver.messages == messages
        assert not own.interrupted

    async def test_a_transaction_of_the_caller_is_not_rolled_back(self) -> None:
        driver = Driver()
        driver.transaction = True
        await session(driver, caller_transaction=True).roll_back()
        assert driver.messages == []


class TestSavepoint:
    async def test_what_is_taken_is_released(self) -> None:
        driver = Driver()
        await session(driver).send_in_savepoint("SELECT 1 -- one")
        assert driver.messages == [
            "SAVEPOINT asyncmig_try;\nSELECT 1 -- one\n;RELEASE SAVEPOINT asyncmig_try"
        ]

    async def test_what_is_refused_is_rolled_back(self) -> None:
        driver = Driver(fails="FROM u")
        with pytest.raises(asyncpg.UndefinedTableError):
            await session(driver).send_in_savepoint("SELECT 1 FROM u")
        assert driver.messages[1:] == [
            "ROLLBACK TO SAVEPOINT asyncmig_try; RELEASE SAVEPOINT asyncmig_try"
        ]


class TestBackend:
    async def test_another_server_process_is_noticed(self) -> None:
        own = session(Driver())
        own.check_backend_pid(7)
        own.check_backend_pid(7)
        with pytest.raises(PoolingError):
            own.check_backend_pid(8)

    async def test_a_failed_transaction_is_rolled_back(self) -> None:
        driver = Driver(fails="FROM u")
        driver.transaction = True
        with pytest.raises(asyncpg.UndefinedTableError):
            await session(driver).transact(["SELECT 1 FROM u"])
        assert driver.messages == ["BEGIN\n;\nSELECT 1 FROM u\n;\nCOMMIT", "ROLLBACK"]

    async def test_the_best_effort_hides_its_own_failure(self) -> None:
        driver = Driver(fails="FROM u")
        await session(driver).transact_best_effort(["SELECT 1 FROM u"])
        assert len(driver.messages) == 1


class TestLimits:
    @pytest.mark.parametrize(
        ("seconds", "text"), [(0, "0"), (0.0001, "1"), (0.1, "100"), (5, "5000")]
    )
    def test_seconds_become_milliseconds(self, seconds, text) -> None:
        assert milliseconds(seconds) == text

    @pytest.mark.parametrize(("version", "has"), [(16, False), (17, True), (18, True)])
    async def test_a_run_ends_no_transaction_by_time(self, tmp_path, version, has) -> None:
        driver = Driver(version=version)
        settings = Settings(script_location=tmp_path, lock_timeout=5.0, statement_timeout=None)
        async with run_settings(session(driver), settings):
            pass
        message = driver.messages[0]
        assert ("'transaction_timeout', '0'" in message) is has
        assert "'lock_timeout', '100'" in message
        assert "'statement_timeout'" not in message
        assert "'idle_in_transaction_session_timeout', '0'" in message

    @pytest.mark.parametrize(
        ("limits", "sent"),
        [
            ({"lock_timeout": 1.0, "statement_timeout": None}, ["'lock_timeout', '1000'"]),
            (
                {"lock_timeout": 1.0, "statement_timeout": 2.0, "unlimited": True},
                ["'lock_timeout', '0'", "'statement_timeout', '0'"],
            ),
        ],
    )
    async def test_one_statement_has_limits_of_its_own(self, limits, sent) -> None:
        driver = Driver()
        async with statement_timeouts(session(driver), **limits):
            pass
        assert [text for text in sent if text in driver.messages[0]] == sent
