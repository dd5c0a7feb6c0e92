"""asyncmig.execution.messages.transaction_wait: how long a safe phase waits for long transactions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asyncmig.config.settings import Settings
from asyncmig.events import TransactionsAwaited
from asyncmig.execution.messages import transaction_wait
from asyncmig.execution.messages.transaction_wait import (
    asks_for_strong_lock,
    wait_for_transactions,
)
from asyncmig.execution.work_units import Fragment, Transaction
from support.fake_session import FakeSession, fake_context
from support.plans import statement, step, transaction

ALTER = "ALTER TABLE t ADD CHECK (a > 0) NOT VALID"


class Clock:
    """Time that passes in pauses only.

    Attributes:
        pauses: their lengths.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 6))
        self.now += seconds
        assert len(self.pauses) < 100


@pytest.fixture
def clock(monkeypatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(transaction_wait, "time", found)
    monkeypatch.setattr(transaction_wait, "anyio", found)
    return found


class Holding(FakeSession):
    """Other sessions hold locks: at each look those of the next entry, then none.

    Attributes:
        asked: the names for which their holders were asked.
    """

    def __init__(self, *looks: list[tuple[int, float | None]]) -> None:
        super().__init__()
        self.looks = list(looks)
        self.asked: list[list[str]] = []

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        self.asked.append(args[0])
        found = self.looks.pop(0) if self.looks else []
        fields = ("application_name", "role", "state", "backend_type", "query_age", "relation")
        return [dict.fromkeys(fields) | {"pid": pid, "transaction_age": age} for pid, age in found]


def unit(sql: str = ALTER, *, replaces: str | None = ALTER, of_step: bool = True) -> Transaction:
    own = step(transaction(sql)) if of_step else None
    fragments = [
        Fragment(sql, replace(statement(sql), replaces=replaces), own),
        Fragment("UPDATE asyncmig_journal SET state = 'done'", None, own),
    ]
    return Transaction(step=own, phase=3, fragments=fragments)


async def waited(session: Holding, limit: float | None, **options: Any) -> list[Any]:
    """Wait; gives the events."""
    events: list[Any] = []
    settings = None
    if limit is not None:
        settings = Settings(script_location="migrations", wait_for_transactions=limit)
    context = replace(fake_context(session, events=events), settings=settings)
    await wait_for_transactions(context, unit(**options))
    return events


async def test_nothing_to_wait_for(clock) -> None:
    session = Holding()
    assert await waited(session, 10.0) == []
    assert clock.pauses == []
    assert len(session.asked) == 1
    assert "t" in session.asked[0]
    assert "asyncmig_journal" not in session.asked[0]


@pytest.mark.parametrize("age", [0.9, None])
async def test_short_transactions_are_not_waited_for(clock, age) -> None:
    assert await waited(Holding([(7, age)]), 10.0) == []
    assert clock.pauses == []


async def test_until_the_long_ones_have_ended(clock) -> None:
    events = await waited(Holding([(7, 1.0), (8, 0.5)], [(7, 1.2)], [(7, 1.4), (9, 3.0)]), 10.0)
    assert clock.pauses == [0.2, 0.2, 0.2]
    assert all(type(event) is TransactionsAwaited for event in events)
    # once for each set of sessions
    assert [[blocker.pid for blocker in event.blockers] for event in events] == [[7], [7, 9]]
    assert [round(event.remaining, 3) for event in events] == [10.0, 9.6]
    assert {(event.revision, event.phase) for event in events} == {("a1", 3)}


async def test_for_as_long_as_is_set(clock) -> None:
    session = Holding(*[[(7, 60.0)]] * 50)
    await waited(session, 0.5)
    assert clock.pauses == [0.2, 0.2, 0.1]
    assert len(session.asked) == 4


async def test_the_last_pause_is_no_busy_loop(clock) -> None:
    await waited(Holding(*[[(7, 60.0)]] * 50), 0.205)
    assert clock.pauses == [0.2, 0.01]


@pytest.mark.parametrize("limit", [0.0, None])
async def test_without_a_limit_the_sessions_are_looked_up_once(clock, limit) -> None:
    (event,) = await waited(Holding(*[[(7, 60.0)]] * 50), limit)
    assert event.remaining == 0.0
    assert clock.pauses == []


async def test_the_remaining_time_is_never_negative(clock) -> None:
    events = await waited(Holding([(7, 60.0)], [(8, 60.0)], [(9, 60.0)]), 0.205)
    assert [round(event.remaining, 3) for event in events] == [0.205, 0.005, 0.0]


async def test_a_transaction_of_no_step_reports_nothing(clock) -> None:
    assert await waited(Holding([(7, 60.0)]), 10.0, of_step=False) == []
    assert clock.pauses == [0.2]


@pytest.mark.parametrize(
    ("sql", "replaces", "strong"),
    [
        (ALTER, ALTER, True),
        (ALTER, None, False),
        ("ALTER TABLE t VALIDATE CONSTRAINT c", ALTER, False),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", ALTER, False),
    ],
)
def test_only_safe_rewrites_with_a_strong_lock_wait(sql, replaces, strong) -> None:
    assert asks_for_strong_lock(unit(sql, replaces=replaces)) is strong
