"""asyncmig.database.blockers: who blocks a statement, before its timeout and after it."""

from __future__ import annotations

from typing import Any

import anyio
import asyncpg
import pytest

from asyncmig.database import blockers as module
from asyncmig.database.blockers import (
    BlockerWatch,
    exclusive_holders,
    holders_after,
    read_blockers,
)
from asyncmig.errors import ConnectionLostError
from support.fake_session import FakeSession, NoObserver, SecondConnection

LOCKED = asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
ROW = {
    "pid": 7,
    "application_name": "",
    "role": "app",
    "state": "active",
    "backend_type": "client backend",
    "query_age": 1.0,
    "transaction_age": 2.0,
    "relation": "t",
}
HOLDERS = {"WITH named": [ROW]}


def watch(observer: NoObserver, session: FakeSession | None = None) -> tuple[BlockerWatch, list]:
    session = session or FakeSession()
    session.backend_pid = 5
    found: list = []
    return BlockerWatch(observer, session, found.append), found


async def wait() -> None:
    await anyio.sleep(0.05)


class TestAfterwards:
    async def test_sessions_with_locks_on_what_a_statement_names(self) -> None:
        session = FakeSession(rows=HOLDERS)
        (blocker,) = await holders_after(
            LOCKED, session, ["ALTER TABLE b ADD c int", "DROP TABLE a"]
        )
        assert (blocker.pid, blocker.application, blocker.kind) == (7, None, "client backend")
        assert (blocker.query_age, blocker.transaction_age) == (1.0, 2.0)
        (asked,) = session.messages
        assert "'a'" in asked
        assert "'b'" in asked

    @pytest.mark.parametrize("error", [None, asyncpg.UndefinedTableError("no table")])
    async def test_another_error_has_no_blocker(self, error) -> None:
        session = FakeSession(rows=HOLDERS)
        assert await holders_after(error, session, ["DROP TABLE a"]) == ()
        assert session.messages == []

    async def test_a_closed_session_is_not_asked(self) -> None:
        session = FakeSession(rows=HOLDERS)
        session.closed = True
        assert await holders_after(LOCKED, session, ["DROP TABLE a"]) == ()

    @pytest.mark.parametrize(
        "error", [asyncpg.AdminShutdownError("gone"), ConnectionLostError("gone")]
    )
    async def test_a_failed_look_up_is_no_error(self, error) -> None:
        class Failing(FakeSession):
            async def fetch(self, query: str, *args: Any) -> list[Any]:
                raise error

        assert await holders_after(LOCKED, Failing(), ["DROP TABLE a"]) == ()

    async def test_what_was_read_in_time_is_not_looked_up_again(self) -> None:
        session = FakeSession(rows=HOLDERS)
        known, _ = watch(NoObserver(), session)
        await known.afterwards(LOCKED, ["DROP TABLE a"])
        assert [blocker.pid for blocker in known.blockers] == [7]
        await known.afterwards(LOCKED, ["DROP TABLE a"])
        assert len(session.messages) == 1


async def test_exclusive_locks_of_other_sessions() -> None:
    session = FakeSession(rows={"AccessExclusiveLock": [ROW, ROW]})
    session.rows = {"WITH held": [ROW, ROW]}
    assert [blocker.pid for blocker in await exclusive_holders(session)] == [7, 7]


async def test_what_is_asked_of_the_sessions_that_block_another() -> None:
    asked: list[str] = []

    class Noting(SecondConnection):
        async def fetch(self, query: str, pid: int, *_: Any) -> list[Any]:
            asked.append(query)
            return await super().fetch(query, pid)

    observer: Any = Noting([ROW])
    (blocker,) = await read_blockers(observer, 5)
    assert blocker.pid == 7
    assert "pg_catalog.pg_blocking_pids($1)" in asked[0]
    assert all(name in asked[0] for name in ROW)


class TestDuring:
    async def test_blockers_are_read_before_the_timeout(self) -> None:
        observer = SecondConnection([ROW])
        known, found = watch(observer)
        await known.during(wait, 0.01)
        assert [[blocker.pid for blocker in each] for each in found] == [[7]]
        assert known.blockers == found[0]
        assert observer.opened == 1
        await known.close()
        assert observer.closed == 1

    async def test_the_blockers_of_an_earlier_attempt_are_forgotten(self) -> None:
        known, _ = watch(SecondConnection([ROW]))
        await known.during(wait, 0.01)
        await known.during(wait, 0.01)
        assert known.blockers == ()

    async def test_one_connection_serves_all_attempts(self) -> None:
        observer = SecondConnection()
        known, found = watch(observer)
        await known.during(wait, 0.01)
        await known.during(wait, 0.01)
        assert observer.opened == 1
        assert found == []

    async def test_a_quick_statement_opens_no_connection(self) -> None:
        observer = SecondConnection([ROW])
        known, found = watch(observer)
        await known.during(wait, 5.0)
        assert (observer.opened, found) == (0, [])

    async def test_without_a_timeout_it_looks_after_a_while(self, monkeypatch) -> None:
        monkeypatch.setattr(module, "WITHOUT_LIMIT", 0.01)
        known, found = watch(SecondConnection([ROW]))
        await known.during(wait, None)
        assert len(found) == 1

    async def test_it_looks_more_than_once(self, monkeypatch) -> None:
        known, found = watch(SecondConnection([], [ROW], [ROW]))
        await known.during(lambda: anyio.sleep(0.2), 0.02)
        assert len(found) == 2

    async def test_an_error_of_the_second_connection_ends_the_watch_alone(self) -> None:
        known, found = watch(SecondConnection(asyncpg.AdminShutdownError("gone"), [ROW]))
        await known.during(lambda: anyio.sleep(0.1), 0.01)
        assert found == []

    async def test_without_a_second_connection(self) -> None:
        known, found = watch(NoObserver())
        await known.during(wait, 0.01)
        assert found == []

    async def test_an_error_of_the_statement_is_raised(self) -> None:
        async def refused() -> None:
            raise LOCKED

        known, _ = watch(SecondConnection())
        with pytest.raises(asyncpg.LockNotAvailableError):
            await known.during(refused, 0.01)

    async def test_a_session_without_a_process_id_cannot_be_watched(self) -> None:
        observer = SecondConnection([ROW])
        session = FakeSession()
        known = BlockerWatch(observer, session, lambda _: None)
        await known.during(wait, 0.01)
        assert observer.opened == 0


@pytest.mark.parametrize(("timeout", "first"), [(0.1, 0.07), (1.0, 0.7), (5.0, 4.7), (None, 1.0)])
async def test_how_long_before_the_timeout_it_looks(monkeypatch, timeout, first) -> None:
    slept: list[float] = []
    real = anyio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(module.anyio, "sleep", sleep)
    known, _ = watch(SecondConnection([], [], asyncpg.AdminShutdownError("gone")))
    await known.during(lambda: real(0.02), timeout)
    assert slept == pytest.approx([first, min(first, 1.0), min(first, 1.0)])
