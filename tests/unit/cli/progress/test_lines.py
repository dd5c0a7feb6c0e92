"""A run as plain lines."""

import pytest

from asyncmig import events
from asyncmig_cli.output.console import BrokenOutputError
from asyncmig_cli.progress.lines import LineReporter
from support.streams import memory_stream, written


class Clock:
    """Time that passes when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def started(number: int = 1, total: int = 12) -> events.StepStarted:
    return events.StepStarted(
        revision=f"r{number}", direction="upgrade", message="add users", number=number, total=total
    )


def finished(number: int = 1, total: int = 12) -> events.StepFinished:
    return events.StepFinished(
        revision=f"r{number}", direction="upgrade", number=number, total=total, elapsed=0.02
    )


def test_one_line_for_each_finished_step() -> None:
    stream = memory_stream()
    with LineReporter(stream) as reporter:
        for number in (1, 10):
            reporter(started(number))
            reporter(finished(number))
    assert written(stream) == (
        "[ 1/12] upgrade r1 add users (20 ms)\n[10/12] upgrade r10 add users (20 ms)\n"
    )


def test_a_wait_is_told_at_once_and_then_now_and_again() -> None:
    stream = memory_stream()
    reporter = LineReporter(stream)
    for elapsed in (0.1, 1.0, 9.0, 10.2, 12.0, 20.5):
        reporter(events.LockWaiting(holder="pid 7 on web1", since=65.0, elapsed=elapsed))
    assert written(stream).splitlines() == [
        "waiting for the lock, 100 ms: held by pid 7 on web1, connected for 1 m 05 s",
        "waiting for the lock, 10.20 s: held by pid 7 on web1, connected for 1 m 05 s",
        "waiting for the lock, 20.50 s: held by pid 7 on web1, connected for 1 m 05 s",
    ]


def test_a_holder_that_postgresql_hides() -> None:
    stream = memory_stream()
    LineReporter(stream)(events.LockWaiting(holder=None, since=None, elapsed=0.1))
    assert written(stream) == "waiting for the lock, 100 ms: another runner holds it\n"


def test_a_database_that_does_not_answer() -> None:
    stream = memory_stream()
    LineReporter(stream)(events.ConnectionWaiting(reason="connection refused", elapsed=0.2))
    assert written(stream) == "waiting for the database, 200 ms: connection refused\n"


def test_a_phase_that_is_tried_again_says_who_was_in_the_way() -> None:
    stream = memory_stream()
    LineReporter(stream)(
        events.PhaseRetried(
            revision="r1",
            phase=0,
            attempt=2,
            attempts=5,
            sqlstate="55P03",
            reason="lock timeout",
            blockers=(events.Blocker(pid=7, application="report", relation="orders"),),
            pause=0.4,
            lock_timeout=5.0,
        )
    )
    assert written(stream) == (
        "r1, phase 1: lock timeout; blocked by pid 7 holds orders (report);"
        " attempt 2 of 5 in 400 ms\n"
    )


def test_whom_a_statement_waits_for_is_told_once_for_the_same_sessions() -> None:
    stream = memory_stream()
    reporter = LineReporter(stream)
    report = events.Blocker(pid=7, application="report", transaction_age=1.0)
    later = events.Blocker(pid=7, application="report", transaction_age=9.0)
    other = events.Blocker(pid=8, application="backup")
    for blockers in ((report,), (later,), (later, other)):
        reporter(events.LockBlocked(blockers=blockers))
    assert written(stream).splitlines() == [
        "blocked by pid 7 (report, transaction 1.0 s ago)",
        "blocked by pid 7 (report, transaction 9.0 s ago); pid 8 (backup)",
    ]


def test_transactions_that_a_phase_waits_for() -> None:
    stream = memory_stream()
    reporter = LineReporter(stream)
    report = events.Blocker(pid=7, application="report", transaction_age=61.0, relation="orders")
    for remaining in (30.0, 0.0):
        reporter(
            events.TransactionsAwaited(
                revision="r1", phase=0, blockers=(report,), remaining=remaining
            )
        )
    assert written(stream).splitlines() == [
        "r1, phase 1 waits up to 30.00 s for pid 7 holds orders (report, transaction 61.0 s ago)",
        "r1, phase 1 would queue behind pid 7 holds orders (report, transaction 61.0 s ago)",
    ]


def test_a_long_index_is_told_about_every_few_seconds() -> None:
    stream, clock = memory_stream(), Clock()
    reporter = LineReporter(stream, clock)
    sql = "\n  CREATE INDEX CONCURRENTLY i\n  ON t (id)"
    reporter(events.StatementStarted(revision="r1", sql=sql, origin=None))
    for passed, fraction in ((1, 0.1), (5, 0.3), (1, 0.4), (5, None)):
        clock.now += passed
        reporter(
            events.StatementProgress(revision="r1", sql=sql, fraction=fraction, stage="building")
        )
    assert written(stream).splitlines() == [
        "    building 30%: CREATE INDEX CONCURRENTLY i",
        "    building: CREATE INDEX CONCURRENTLY i",
    ]


@pytest.mark.parametrize("error", [BrokenOutputError(), OSError("no space"), ValueError("closed")])
def test_a_stream_that_is_gone_never_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    stream = memory_stream()
    calls = 0

    def fail(_: str) -> None:
        nonlocal calls
        calls += 1
        raise error

    monkeypatch.setattr(stream, "write", fail)
    reporter = LineReporter(stream)
    reporter(finished(1))
    reporter(finished(2))
    assert calls == 1


def test_a_notice_of_the_server() -> None:
    stream = memory_stream()
    reporter = LineReporter(stream)
    reporter(events.ServerNotice(severity="WARNING", message="seven rows", hint="look at them"))
    reporter(events.ServerNotice(severity="NOTICE", message="skipping", detail="it exists"))
    assert written(stream).splitlines() == [
        "warning: seven rows",
        "  hint: look at them",
        "notice: skipping",
        "  detail: it exists",
    ]


def backfill_progress(**changes: object) -> events.BackfillProgress:
    values = {
        "revision": "r1",
        "backfill": "emails",
        "rows": 300,
        "scanned": 400,
        "total": 1000,
        "batches": 4,
        "failed": 0,
        "size": 100,
        "rate": 2000.0,
        "remaining": 0.3,
    } | changes
    return events.BackfillProgress(**values)  # type: ignore[arg-type]  # the values of a test


def test_a_backfill_says_rows_rate_and_remaining_time_now_and_again() -> None:
    stream, clock = memory_stream(), Clock()
    reporter = LineReporter(stream, clock)
    reporter(
        events.BackfillStarted(
            revision="r1", backfill="emails", table="users", total=1000, scanned=0, deferred=False
        )
    )
    for seconds, scanned in ((1, 100), (5, 400), (1, 500), (5, 900)):
        clock.now += seconds
        reporter(backfill_progress(scanned=scanned, failed=scanned // 900))
    reporter(events.BackfillWaiting(revision="r1", backfill="emails", reason="a standby lags"))
    reporter(
        events.BackfillFinished(
            revision="r1",
            backfill="emails",
            state="done",
            rows=999,
            failed=1,
            elapsed=12.0,
            note="x",
            earlier_rows=300,
        )
    )
    assert written(stream).splitlines() == [
        "    backfill emails: about 1000 rows",
        "    backfill emails: 40% of 1000 rows, 2,000 rows/s, 300 ms left",
        "    backfill emails: 90% of 1000 rows, 2,000 rows/s, 300 ms left, 1 refused",
        "    backfill emails waits: a standby lags",
        "    backfill emails is done: 999 rows changed, 300 of them earlier, 1 refused (12.00 s); x",
    ]


def test_a_deferred_backfill_names_the_command() -> None:
    stream = memory_stream()
    LineReporter(stream)(
        events.BackfillFinished(
            revision="r1", backfill="emails", state="pending", rows=0, failed=0, elapsed=0.0
        )
    )
    assert written(stream) == "    backfill emails is recorded: `asyncmig backfill run` does it\n"
