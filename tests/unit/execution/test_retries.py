"""asyncmig.execution.retries: when another attempt follows."""

from dataclasses import replace

import asyncpg
import pytest

from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.events import PhaseRetried
from asyncmig.execution import retries as module
from asyncmig.execution.retries import Retries
from support.fake_session import FakeSession, SecondConnection, fake_context
from support.plans import step

TRANSIENT = [
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("serialization"),
]


@pytest.mark.parametrize("error", TRANSIENT)
async def test_a_transient_error_is_followed_by_another_attempt(error) -> None:
    events: list = []
    retries = Retries(fake_context(FakeSession(), events=events, retries=2), step(), 3)
    assert [retries.attempt, retries.timeout, retries.is_last] == [0, 0.1, False]

    assert await retries.again(error, [])
    assert [retries.attempt, retries.timeout, retries.is_last] == [1, 0.2, False]
    assert await retries.again(error, [], reason="in words")
    assert [retries.attempt, retries.timeout, retries.is_last] == [2, 5.0, True]
    assert not await retries.again(error, [])

    assert [(event.phase, event.attempt, event.attempts) for event in events] == [
        (3, 2, 3),
        (3, 3, 3),
    ]
    assert [event.reason for event in events] == [str(error), "in words"]
    assert all(isinstance(event, PhaseRetried) for event in events)


@pytest.mark.parametrize(
    ("error", "whose", "repeatable"),
    [
        (asyncpg.UndefinedTableError("no such table"), step(), True),
        (TRANSIENT[0], None, True),
        (TRANSIENT[0], step(), False),
        (TRANSIENT[0], step(lock_retries=0), True),
    ],
)
async def test_what_is_not_tried_again(error, whose, repeatable) -> None:
    events: list = []
    retries = Retries(fake_context(FakeSession(), events=events), whose, 0)
    assert not await retries.again(error, [], repeatable=repeatable)
    assert (retries.attempt, events) == (0, [])


async def test_sessions_that_hold_what_a_statement_names_are_its_blockers() -> None:
    row = {
        "pid": 7,
        "application_name": "report",
        "role": "app",
        "state": "active",
        "backend_type": "client backend",
        "query_age": 1.0,
        "transaction_age": 2.0,
        "relation": "t",
    }
    session = FakeSession(rows={"WITH named": [row]})
    async with Retries(fake_context(session), step(), 0) as retries:
        await retries.again(TRANSIENT[0], ["ALTER TABLE t ADD b int"])
        assert [blocker.application for blocker in retries.blockers] == ["report"]
        (asked,) = session.messages
        assert asked.startswith("WITH named AS (")
        assert "'t'" in asked


async def test_an_attempt_is_sent_as_it_is_where_nothing_can_be_watched() -> None:
    retries = Retries(fake_context(FakeSession()), step(), 0)
    sent = []

    async def send() -> None:
        sent.append(1)

    await retries.watched(send)
    assert sent == [1]


async def test_blockers_are_watched_from_the_second_attempt_on() -> None:
    database = SecondConnection()
    context = replace(fake_context(FakeSession()), database=database)
    async with Retries(context, step(), 0) as retries:
        assert database.opened == 0
        assert await retries.again(TRANSIENT[0], [])
        assert (database.opened, database.closed) == (1, 0)
    assert (database.opened, database.closed) == (1, 1)


async def test_the_pause_that_is_reported_is_waited(monkeypatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(module.anyio, "sleep", sleep)
    events: list = []
    context = fake_context(FakeSession(), events=events)
    retries = Retries(
        replace(context, retry_policy=RetryPolicy(lock_timeout=5.0, retries=2)), step(), 0
    )
    assert await retries.again(TRANSIENT[0], [])
    assert pauses == [events[0].pause]
    assert 0.0 < pauses[0] < 1.0
