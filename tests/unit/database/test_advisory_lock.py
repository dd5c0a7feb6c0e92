"""asyncmig.database.advisory_lock: taking the runner's lock, on a session without a server."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.database import advisory_lock
from asyncmig.database.advisory_lock import lock_key, runner_lock
from asyncmig.errors import LockNotAcquiredError, PoolingError
from asyncmig.events import LockAcquired, LockWaiting
from support.fake_session import FakeSession, NoObserver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GOLDEN = 4651627216771180080
"""The lock of the default version table in the schema public, in every release."""
HOLDER = {"pid": 9, "application_name": "deploy", "client": "10.0.0.7", "since": 60.0}


class Locking(FakeSession):
    """Gives the lock at a certain try; served by one process after the other."""

    def __init__(self, *, given_at: int = 1, pids: tuple[int, ...] = (7,), **options: Any) -> None:
        super().__init__(**options)
        self.tries, self.given_at, self.pids = 0, given_at, pids
        self.backend_pid: int | None = None
        self.pooled = False
        self.guarded: list[int | None] = []
        self.holders = [HOLDER]
        self.asked_for_holder = 0
        self.idle = 0
        self.asked_for_pid = 0

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        pid = self.pids[min(self.tries, len(self.pids) - 1)]
        if "pg_try_advisory" in query:
            self.tries += 1
            self.messages.append("xact" if "xact_lock" in query else "session")
            return [{"backend_pid": pid, "locked": self.tries >= self.given_at}]
        if "pg_locks" in query:
            self.asked_for_holder += 1
            return self.holders
        self.asked_for_pid += 1
        return [[pid]]

    def check_backend_pid(self, pid: int) -> None:
        if self.backend_pid not in {None, pid}:
            raise PoolingError("several server processes")
        self.backend_pid = pid

    def set_lock_guard(self, lock: int | None) -> None:
        self.guarded.append(lock)

    async def clean_up(self, sql: str) -> None:
        self.messages.append(sql)

    def idling(self, answer_seconds: float) -> Any:
        assert answer_seconds > 0
        self.idle += 1
        return nullcontext()


class Observed(NoObserver):
    """A second connection that is served by the given processes, one a question."""

    def __init__(self, *pids: int) -> None:
        self.pids = list(pids)
        self.messages: list[str] = []

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[Any]:
        yield self

    async def execute(self, sql: str) -> None:
        self.messages.append(sql)

    async def fetch(self, query: str) -> list[list[int]]:
        return [[self.pids.pop(0) if len(self.pids) > 1 else self.pids[0]]]


class Clock:
    """Time that passes only where something sleeps, ``step`` seconds each time."""

    def __init__(self, step: float) -> None:
        self.now = 100.0
        self._step = step

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, _: float) -> None:
        self.now += self._step


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(advisory_lock, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(advisory_lock, "LONGEST_PAUSE", 0.0)


async def lock(own: Locking, database: Any = None, **settings: Any) -> list[Any]:
    events: list[Any] = []
    session: Any = own
    other: Any = database or NoObserver()
    known = Settings(script_location=Path("migrations"), **settings)
    async with runner_lock(session, other, known, events.append, schema="public"):
        pass
    return events


def test_two_releases_agree_on_the_lock() -> None:
    settings = Settings(script_location=Path("migrations"))
    assert lock_key(settings, "public") == GOLDEN
    assert len({lock_key(settings, schema) for schema in ("public", "app", None)}) == 3


async def test_a_free_lock_is_taken_and_released() -> None:
    session = Locking()
    events = await lock(session)
    assert [type(event) for event in events] == [LockAcquired]
    assert session.guarded == [GOLDEN]
    assert session.idle == 0
    assert session.messages == [
        "session",
        "ROLLBACK",
        f"SELECT pg_catalog.pg_advisory_unlock({GOLDEN})",
    ]


async def test_while_it_waits_the_holder_is_named_and_asked_for_seldom() -> None:
    session = Locking(given_at=4)
    events = await lock(session)
    waiting = [event for event in events if isinstance(event, LockWaiting)]
    assert len(waiting) == 3
    assert {event.holder for event in waiting} == {"pid 9 (deploy from 10.0.0.7)"}
    assert session.asked_for_holder == 1
    # 60 seconds when it was asked for, and what has passed since
    assert [60.0 <= (event.since or 0.0) < 70.0 for event in waiting] == [True, True, True]


async def test_while_it_waits_the_holder_is_asked_for_at_intervals(monkeypatch) -> None:
    clock = Clock(advisory_lock.HOLDER_INTERVAL)
    monkeypatch.setattr(advisory_lock, "time", clock)
    monkeypatch.setattr(advisory_lock.anyio, "sleep", clock.sleep)
    session = Locking(given_at=4)
    *waiting, acquired = await lock(session, lock_wait=None)
    assert session.asked_for_holder == 3
    assert [event.since for event in waiting] == [60.0] * 3
    assert acquired.elapsed == 3 * advisory_lock.HOLDER_INTERVAL


async def test_at_its_deadline_the_holder_is_asked_for_again() -> None:
    session = Locking(given_at=10**6)
    with pytest.raises(
        LockNotAcquiredError, match=r"another runner holds the migration lock"
    ) as caught:
        await lock(session, lock_wait=0.0)
    assert session.asked_for_holder == 1
    assert caught.value.holder == "pid 9 (deploy from 10.0.0.7)"

    session = Locking(given_at=10**6)
    session.holders = [HOLDER | {"application_name": "", "client": None}]
    with pytest.raises(LockNotAcquiredError, match=r"pid 9 \(unnamed\)"):
        await lock(session, lock_wait=0.02)
    assert session.asked_for_holder == 2  # at the first try, and at the deadline


async def test_a_holder_that_is_gone_is_not_named() -> None:
    session = Locking(given_at=2)
    session.holders = []
    waiting, _ = await lock(session)
    assert (waiting.holder, waiting.since) == (None, None)


async def test_in_a_transaction_of_the_caller_it_ends_with_that() -> None:
    session = Locking(caller_transaction=True)
    await lock(session)
    assert session.messages == ["xact"]


async def test_it_may_be_switched_off() -> None:
    session = Locking()
    assert await lock(session, lock=False) == []
    assert session.guarded == [None]
    assert session.messages == []


async def test_another_server_process_takes_no_lock_that_stays() -> None:
    session = Locking(pids=(7, 8), given_at=3)
    with pytest.raises(PoolingError):
        await lock(session)
    assert session.messages[-1] == f"SELECT pg_catalog.pg_advisory_unlock({GOLDEN})"


async def test_a_failed_try_does_not_end_the_callers_transaction() -> None:
    session = Locking(pids=(7, 8), given_at=3, caller_transaction=True)
    with pytest.raises(PoolingError):
        await lock(session)
    assert session.messages == ["xact", "xact"]


@pytest.mark.parametrize(("known", "questions"), [(None, 1), (7, 0)])
async def test_the_server_process_is_asked_for_where_the_driver_does_not_know_it(
    known, questions
) -> None:
    session = Locking()
    session.backend_pid = known
    await lock(session)
    assert session.backend_pid == 7
    assert session.asked_for_pid == questions


class TestProxies:
    """The driver was given another process id at login than the server's own."""

    async def check(self, database: Any, *, pids: tuple[int, ...] = (7,)) -> Locking:
        session = Locking(pids=pids)
        session.pooled = True
        await lock(session, database)
        return session

    async def test_one_that_keeps_a_session_is_accepted(self) -> None:
        database = Observed(8)
        await self.check(database)
        assert database.messages == ["BEGIN", "ROLLBACK"] * 3

    async def test_one_that_gives_our_process_away_is_refused(self) -> None:
        with pytest.raises(PoolingError):
            await self.check(Observed(8, 7))

    async def test_one_that_moves_the_session_is_refused(self) -> None:
        class Moved(Locking):
            async def fetch(self, query: str, *args: Any) -> list[Any]:
                await super().fetch(query, *args)
                return [[9 if self.asked_for_pid > 1 else 7]]

        session = Moved()
        session.pooled = True
        with pytest.raises(PoolingError, match="several server processes"):
            await lock(session, Observed(8))
        assert session.tries == 0

    async def test_one_without_transactions_is_refused(self) -> None:
        class PerStatement(Observed):
            async def execute(self, sql: str) -> None:
                raise asyncpg.ProtocolViolationError("transaction blocks not allowed")

        with pytest.raises(PoolingError):
            await self.check(PerStatement(8))

    async def test_without_a_second_connection_it_cannot_be_told(self) -> None:
        await self.check(NoObserver())

    async def test_in_a_transaction_of_the_caller_it_does_not_matter(self) -> None:
        session = Locking(caller_transaction=True)
        session.pooled = True
        database = Observed(7)
        await lock(session, database)
        assert database.messages == []


async def test_without_time_to_wait_there_is_one_try(monkeypatch) -> None:
    monkeypatch.setattr(advisory_lock, "time", SimpleNamespace(monotonic=lambda: 100.0))
    session = Locking(given_at=3)
    with pytest.raises(LockNotAcquiredError, match=r"waited 0\.0 s"):
        await lock(session, lock_wait=0.0)
    assert session.tries == 1


def test_keys_are_signed_integers_of_64_bits() -> None:
    settings = Settings(script_location=Path("migrations"))
    keys = [lock_key(settings, f"s{number}") for number in range(20)]
    assert min(keys) < 0 < max(keys)
    assert all(-(2**63) <= key < 2**63 for key in keys)


async def test_no_answer_is_waited_for_longer_than_the_lock() -> None:
    limits: list[float | None] = []

    class Limiting(Locking):
        def answering(self, seconds: float | None, doing: str) -> Any:
            if doing == "asking for the migration lock":
                limits.append(seconds)
            return super().answering(seconds, doing)

    await lock(Limiting(), lock_wait=5.0)
    assert 7.0 < (limits[0] or 0.0) <= 5.0 + advisory_lock.GRACE


async def test_a_holder_that_cannot_be_seen_is_not_named() -> None:
    session = Locking(given_at=10**6)
    session.holders = []
    with pytest.raises(LockNotAcquiredError) as raised:
        await lock(session, lock_wait=0.0)
    assert "None" not in str(raised.value)


async def test_pauses_grow_up_to_the_longest(monkeypatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(advisory_lock, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(advisory_lock, "LONGEST_PAUSE", 1.0)
    monkeypatch.setattr(advisory_lock.anyio, "sleep", sleep)
    session = Locking(given_at=20)
    await lock(session)
    assert len(pauses) == 19
    assert session.idle == 1
    assert pauses[0] <= 0.05 * 1.3
    assert 0.7 <= min(pauses[-8:]) <= max(pauses) <= 1.3


async def test_only_the_known_process_may_take_the_lock() -> None:
    asked: list[str] = []

    class Asking(Locking):
        async def fetch(self, query: str, *args: Any) -> list[Any]:
            asked.append(query)
            return await super().fetch(query, *args)

    await lock(Asking())
    assert "WHEN 7 THEN pg_catalog.pg_try_advisory_lock" in asked[-1]
