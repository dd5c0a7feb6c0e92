"""asyncmig.execution.standalone.statement_monitor: reports while a concurrent statement runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
import pytest

from asyncmig.events import LockBlocked, StatementProgress
from asyncmig.execution.standalone import statement_monitor
from asyncmig.execution.standalone.statement_monitor import run_monitored
from asyncmig.execution.work_units import StandaloneStatement
from support.fake_session import FakeSession, fake_context
from support.plans import autocommit, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SQL = "CREATE INDEX CONCURRENTLY i ON t (a)"
PHASE = autocommit(SQL)
UNIT = StandaloneStatement(step=step(PHASE), phase=0, index=0, statement=PHASE.statements[0])


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(statement_monitor, "INTERVAL", 0.0)


class Observer:
    """A second connection: at each look the next blockers, and the next progress.

    Attributes:
        done: is set when all looks were taken.
    """

    def __init__(self, *looks: tuple[tuple[int, ...], list[tuple[str, float | None]]]) -> None:
        self.looks = list(looks)
        self.done = anyio.Event()
        self.opened = 0
        self.error: Exception | None = None

    @asynccontextmanager
    async def observer(self) -> AsyncIterator[Any]:
        self.opened += 1
        yield self

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        assert args == (7,)
        if self.error is not None:
            self.done.set()
            raise self.error
        pids, progress = self.looks[0] if self.looks else ((), [])
        if "pg_stat_progress" in query:
            if self.looks:
                self.looks.pop(0)
            else:
                self.done.set()
            return [{"phase": stage, "fraction": fraction} for stage, fraction in progress]
        fields = ("application_name", "role", "state", "backend_type", "query_age", "relation")
        return [dict.fromkeys((*fields, "transaction_age")) | {"pid": pid} for pid in pids]


async def monitored(observer: Any, pid: int | None = 7) -> list[Any]:
    """Run a statement that takes until all looks were taken; gives the events."""
    events: list[Any] = []
    session = FakeSession()
    session.backend_pid = pid
    context = replace(fake_context(session, events=events), database=observer)

    async def send() -> None:
        if pid is None:
            await anyio.sleep(0.02)
        else:
            with anyio.fail_after(10):
                await observer.done.wait()
        session.messages.append(SQL)

    await run_monitored(send, context, UNIT)
    assert session.messages == [SQL]
    return events


async def test_progress_and_each_set_of_blockers_once() -> None:
    observer = Observer(
        ((8,), []), ((8,), [("building", 0.5)]), ((), []), ((8, 9), [("waiting", None)])
    )
    events = await monitored(observer)
    assert observer.opened == 1
    progress = [event for event in events if type(event) is StatementProgress]
    assert [(each.stage, each.fraction) for each in progress] == [
        ("building", 0.5),
        ("waiting", None),
    ]
    assert {(each.revision, each.sql) for each in progress} == {("a1", SQL)}
    blocked = [event for event in events if type(event) is LockBlocked]
    assert [[each.pid for each in event.blockers] for event in blocked] == [[8], [8, 9]]


async def test_the_same_blockers_are_reported_again_after_a_pause() -> None:
    events = await monitored(Observer(((8,), []), ((), []), ((8,), [])))
    assert [type(event) for event in events] == [LockBlocked, LockBlocked]


@pytest.mark.parametrize("error", [asyncpg.InsufficientPrivilegeError("no"), OSError("gone")])
async def test_a_second_connection_that_fails_ends_the_reports(error) -> None:
    observer = Observer()
    observer.error = error
    assert await monitored(observer) == []


async def test_without_a_known_process_there_is_no_second_connection() -> None:
    observer = Observer(((8,), []))
    assert await monitored(observer, pid=None) == []
    assert observer.opened == 0


async def test_without_a_second_connection_the_statement_runs() -> None:
    class Nowhere(Observer):
        @asynccontextmanager
        async def observer(self) -> AsyncIterator[Any]:
            self.done.set()
            yield None

    assert await monitored(Nowhere()) == []


async def test_a_quick_statement_needs_no_second_connection(monkeypatch) -> None:
    monkeypatch.setattr(statement_monitor, "INTERVAL", 30.0)
    observer = Observer()
    session = FakeSession()
    session.backend_pid = 7

    async def send() -> None:
        await anyio.sleep(0.02)

    context = replace(fake_context(session), database=observer)
    await run_monitored(send, context, UNIT)
    assert observer.opened == 0
