"""The text of the log: a line for each event, with its level."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from asyncmig import events
from asyncmig.telemetry.attributes import event_attributes
from asyncmig.telemetry.log_lines import LogLine, LogLines

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCKER = events.Blocker(pid=7, application="report", relation="users")
BACKFILL: dict[str, Any] = {"revision": "a1", "backfill": "names"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def shown(lines: LogLines, found: Iterable[events.Event]) -> list[tuple[str, str, str]]:
    """Logger, level and text of what is not DEBUG."""
    written = [lines.line(event) for event in found]
    return [
        (line.logger, logging.getLevelName(line.level), line.text)
        for line in written
        if line.level > logging.DEBUG
    ]


def test_an_upgrade_has_a_line_at_its_start_for_each_revision_and_at_its_end() -> None:
    assert shown(
        LogLines(),
        [
            events.DatabaseConnected(host="db", port=5432, database="shop", source=None),
            events.LockAcquired(elapsed=0.0),
            events.RunStarted(direction="upgrade", revisions=("a1", "b2")),
            events.StepStarted(
                revision="a1", direction="upgrade", message="users", number=1, total=2
            ),
            events.BatchSent(revisions=("a1",), statements=1, size=100),
            events.PhaseFinished(revision="a1", phase=0, kind="transaction"),
            events.StepFinished(
                revision="a1", direction="upgrade", number=1, total=2, elapsed=0.021
            ),
            events.RunFinished(
                direction="upgrade", applied=("a1",), heads=("b2", "c3"), elapsed=12.34
            ),
        ],
    ) == [
        ("run", "INFO", "upgrade of database shop on db:5432 starts, 2 revisions: a1 to b2"),
        ("run", "INFO", "applied a1 users (0.02 s)"),
        ("run", "INFO", "upgrade finished in 12.3 s: 1 revision applied, now at b2, c3"),
    ]


def test_a_downgrade_reverts() -> None:
    lines = LogLines()
    step: dict[str, Any] = {"revision": "a1", "direction": "downgrade", "number": 1, "total": 1}
    assert shown(
        lines,
        [
            events.RunStarted(direction="downgrade", revisions=("a1",)),
            events.StepFinished(**step, elapsed=0.5),
            events.RunFinished(direction="downgrade", applied=("a1",), heads=(), elapsed=0.5),
        ],
    ) == [
        ("run", "INFO", "downgrade starts, 1 revision: a1"),
        ("run", "INFO", "reverted a1 (0.50 s)"),
        ("run", "INFO", "downgrade finished in 0.50 s: 1 revision reverted, now at base"),
    ]


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (False, "upgrade: nothing is pending, at a1"),
        (True, "upgrade: newer than this code, at a1"),
    ],
)
def test_a_run_without_work(ahead: bool, text: str) -> None:
    event = events.NothingPending(direction="upgrade", heads=("a1",), ahead=ahead)
    assert LogLines().line(event) == LogLine("run", logging.INFO, text)


def test_a_failure_names_type_and_code_and_leaves_the_message_to_whom_it_is_raised() -> None:
    failed = events.RunFailed(
        direction="upgrade",
        error="StatementFailedError",
        message="relation exists",
        hint="rename it",
        sqlstate="42P07",
        revision="b2",
        phase=0,
        applied=("a1",),
        elapsed=0.3,
    )
    assert shown(LogLines(), [failed]) == [
        (
            "run",
            "ERROR",
            "upgrade failed after 0.30 s in b2: StatementFailedError (SQLSTATE 42P07), 1 revision applied",
        )
    ]


def test_waits_and_retries_are_warnings() -> None:
    retried = events.PhaseRetried(
        revision="a1",
        phase=0,
        attempt=2,
        attempts=6,
        sqlstate="55P03",
        reason="timeout",
        blockers=(BLOCKER,),
        pause=0.4,
        lock_timeout=0.2,
    )
    assert shown(
        LogLines(),
        [
            events.ConnectionWaiting(reason="refused", elapsed=1.0),
            events.LockBlocked(blockers=(BLOCKER,)),
            retried,
            events.TransactionsAwaited(revision="a1", phase=1, blockers=(BLOCKER,), remaining=60.0),
        ],
    ) == [
        ("wait", "WARNING", "waiting for the database, 1.00 s: refused"),
        ("wait", "WARNING", "blocked by pid 7 holds users (report)"),
        (
            "wait",
            "WARNING",
            "a1, phase 1: timeout, blocked by pid 7 holds users (report); attempt 2 of 6 follows in 0.40 s",
        ),
        (
            "wait",
            "WARNING",
            "a1, phase 2 waits up to 60.0 s for long transactions: pid 7 holds users (report)",
        ),
    ]


def test_the_same_wait_is_repeated_every_ten_seconds_and_its_end_is_told() -> None:
    clock = Clock()
    lines = LogLines(clock)
    found = []
    for elapsed in (0.1, 5.0, 10.5):
        clock.now = 100 + elapsed
        found += shown(lines, [events.LockWaiting(holder="pid 9", since=None, elapsed=elapsed)])
    found += shown(lines, [events.LockAcquired(elapsed=11.0)])
    assert found == [
        ("wait", "WARNING", "waiting for the migration lock, 0.10 s: pid 9 holds it"),
        ("wait", "WARNING", "waiting for the migration lock, 10.5 s: pid 9 holds it"),
        ("wait", "INFO", "got the migration lock after 11.0 s"),
    ]


def test_a_backfill_is_shown_every_ten_seconds() -> None:
    clock = Clock()
    lines = LogLines(clock)
    started = events.BackfillStarted(
        **BACKFILL, table="users", total=1000, scanned=0, deferred=True
    )
    figures: dict[str, Any] = {"batches": 1, "failed": 0, "size": 100, "remaining": None}
    progress = events.BackfillProgress(
        **BACKFILL, rows=100, scanned=100, total=1000, rate=50.0, **figures
    )
    found = shown(lines, [started, progress])
    clock.now += 11
    found += shown(lines, [progress, progress])
    found += shown(
        lines,
        [
            events.BackfillWaiting(**BACKFILL, reason="the replica is behind"),
            events.BackfillFinished(**BACKFILL, state="done", rows=1000, failed=0, elapsed=20.0),
            events.BackfillFinished(
                **BACKFILL, state="failed", rows=3, earlier_rows=2, failed=1, elapsed=2.0
            ),
        ],
    )
    assert found == [
        ("backfill", "INFO", "backfill names starts: about 1000 rows of users, 0 done"),
        ("backfill", "INFO", "backfill names: 100 of about 1000 rows, 50 rows/s"),
        ("backfill", "WARNING", "backfill names waits: the replica is behind"),
        ("backfill", "INFO", "backfill names is done: 1000 rows changed, 0 failed (20.0 s)"),
        (
            "backfill",
            "WARNING",
            "backfill names is failed: 3 rows changed, 2 of them earlier, 1 failed (2.00 s)",
        ),
    ]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            events.ServerNotice(severity="WARNING", message="slow"),
            LogLine("server", logging.WARNING, "WARNING: slow"),
        ),
        (
            events.ServerNotice(severity="NOTICE", message="exists"),
            LogLine("server", logging.INFO, "NOTICE: exists"),
        ),
        (
            events.EnvWarning(message="env.py is read"),
            LogLine("config", logging.WARNING, "env.py is read"),
        ),
    ],
)
def test_messages(event: events.Event, line: LogLine) -> None:
    assert LogLines().line(event) == line


def test_attributes_have_the_conventional_names_where_there_are_some() -> None:
    failed = events.RunFailed(
        direction="upgrade",
        error="DatabaseError",
        message="x",
        hint=None,
        sqlstate="42P07",
        revision=None,
        phase=None,
        applied=("a1",),
        elapsed=0.5,
    )
    assert event_attributes(failed) == {
        "asyncmig.direction": "upgrade",
        "error.type": "DatabaseError",
        "asyncmig.message": "x",
        "db.response.status_code": "42P07",
        "asyncmig.applied": ("a1",),
        "asyncmig.elapsed": 0.5,
    }
    assert event_attributes(events.LockBlocked(blockers=(BLOCKER,))) == {
        "asyncmig.blockers": ("pid 7 holds users (report)",)
    }
