"""``wait_for_transactions``: safe phases wait for long transactions before they ask for their lock."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import StatementFailedError
from asyncmig.events import LockBlocked, PhaseRetried, TransactionsAwaited
from asyncmig.execution.messages.transaction_wait import LONG


@pytest.fixture
async def reader(database_url):
    """A session that can begin a transaction and read the table."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def migrator(project, database_url):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_check_constraint("c", "t", "a > 0")')

    def make(heard, **settings: object) -> Migrator:
        return Migrator(
            database_url,
            script_location=project.script_location,
            safe_rewrites=True,
            on_event=heard,
            **settings,
        )

    return make


async def begin_long_transaction(reader: asyncpg.Connection) -> None:
    await reader.execute("BEGIN")
    await reader.execute("SELECT FROM t")
    await asyncio.sleep(LONG + 0.1)


async def test_a_phase_asks_when_the_transaction_has_ended(migrator, reader):
    heard = []
    await migrator(heard.append).upgrade("a1")
    await begin_long_transaction(reader)
    ending = []

    def on_event(event: object) -> None:
        heard.append(event)
        if isinstance(event, TransactionsAwaited):
            ending.append(asyncio.ensure_future(reader.execute("ROLLBACK")))

    await migrator(on_event, wait_for_transactions=30).upgrade()
    (awaited,) = [event for event in heard if isinstance(event, TransactionsAwaited)]
    assert (awaited.revision, awaited.phase) == ("b1", 0)
    assert awaited.blockers[0].pid == reader.get_server_pid()
    assert awaited.blockers[0].relation == "t"
    assert 29 < awaited.remaining <= 30
    assert not any(isinstance(event, LockBlocked | PhaseRetried) for event in heard)
    assert len(ending) == 1


@pytest.mark.slow
async def test_it_asks_after_the_time_as_it_would_without(migrator, reader):
    heard = []
    await migrator(heard.append).upgrade("a1")
    await begin_long_transaction(reader)
    began = time.monotonic()
    with pytest.raises(StatementFailedError, match="lock timeout"):
        await migrator(
            heard.append, wait_for_transactions="500ms", lock_timeout=0.1, lock_retries=0
        ).upgrade()
    assert time.monotonic() - began >= 0.5
    assert len([event for event in heard if isinstance(event, TransactionsAwaited)]) == 1


async def test_short_transactions_are_not_waited_for(migrator, reader):
    heard = []
    await migrator(heard.append).upgrade("a1")
    await reader.execute("BEGIN")
    await reader.execute("SELECT FROM t")

    def on_event(event: object) -> None:
        heard.append(event)
        if isinstance(event, PhaseRetried):
            ending.append(asyncio.ensure_future(reader.execute("ROLLBACK")))

    ending = []
    await migrator(on_event, wait_for_transactions=30).upgrade()
    assert not any(isinstance(event, TransactionsAwaited) for event in heard)
    assert any(isinstance(event, PhaseRetried) for event in heard)
