"""What the samples of locks say."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from asyncmig.bookkeeping.journal import Journal, Run
from asyncmig.database.lock_watch import LockWatch
from asyncmig.sql.reader import SqlName


class Session:
    """As much of a session as the watch asks for."""

    backend_pid = 1
    caller_transaction = False


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def watch(session: Session) -> LockWatch:
    unused: Any = None
    return LockWatch(unused, cast("Any", session), ("alembic_version",))


def sample(**facts: object) -> Any:
    return {
        "granted": True,
        "mode": "ShareLock",
        "schema": "public",
        "name": "t",
        "waiting_since": None,
        "began": 5.0,
        "now": 10.0,
        **facts,
    }


def test_the_longest_sample_of_a_wait_counts(watch: LockWatch) -> None:
    for now in (10.0, 12.5, 11.0):
        watch._note(sample(granted=False, waiting_since=9.0, now=now))
    watch._note(sample(granted=False, waiting_since=None))
    assert watch.waits == {9.0: 3.5}
    assert watch.held == {}


def test_an_attempt_that_ended_at_its_timeout_counts(watch: LockWatch) -> None:
    watch.note_timeout(0.1)
    ((began, waited),) = watch.waits.items()
    assert waited == 0.1
    assert 0 <= time.time() - 0.1 - began < 5


def test_the_first_sample_of_the_strongest_lock_counts(watch: LockWatch) -> None:
    watch._note(sample(mode="ShareUpdateExclusiveLock", now=10.0))
    watch._note(sample(mode="AccessExclusiveLock", now=11.0))
    watch._note(sample(mode="AccessExclusiveLock", now=12.0, name="u"))
    watch._note(sample(mode="ShareLock", now=13.0))
    watch._note(sample(began=20.0, now=21.0))
    watch._note(sample(began=30.0, now=31.0, name="alembic_version"))
    assert {
        began: (held.mode, held.relation, held.since) for began, held in watch.held.items()
    } == {
        5.0: ("AccessExclusiveLock", SqlName("public", "t"), 11.0),
        20.0: ("ShareLock", SqlName("public", "t"), 21.0),
    }


def test_samples_become_updates_of_the_journal(watch: LockWatch) -> None:
    journal = Journal(run=Run(id="00000000-0000-0000-0000-000000000001"))
    assert journal.record_locks(watch) == []
    watch._note(sample(granted=False, waiting_since=9.0))
    watch._note(sample())
    columns, wait, held = journal.record_locks(watch)
    assert "ADD COLUMN IF NOT EXISTS lock_wait double precision" in columns
    row = (
        "(SELECT id FROM asyncmig_journal WHERE run = '00000000-0000-0000-0000-000000000001'"
        " AND finished_at >= to_timestamp({}) ORDER BY finished_at, id LIMIT 1)"
    )
    assert wait == (
        f"UPDATE asyncmig_journal SET lock_wait = greatest(lock_wait, 1.0) WHERE id = {row.format(9.0)}"
    )
    assert held == (
        "UPDATE asyncmig_journal SET lock_held = extract(epoch FROM finished_at)::float8 - 10.0,"
        f" lock_mode = 'ShareLock', lock_relation = 'public.t' WHERE id = {row.format(10.0)}"
    )


async def test_without_a_process_id_nothing_is_sampled(watch: LockWatch, session: Session) -> None:
    session.caller_transaction = True
    ran = []

    async def send() -> None:
        ran.append(True)

    await watch.during(send)
    assert ran == [True]
