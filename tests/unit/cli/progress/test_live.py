"""The live display, drawn on a terminal in memory."""

import io
import re

import pytest
from rich.console import Console

from asyncmig import events
from asyncmig_cli.progress.lines import LineReporter
from asyncmig_cli.progress.live import LiveReporter, Picture, _clock
from asyncmig_cli.progress.reporter import NullReporter, choose_reporter
from support.streams import memory_stream, written


def drawn(picture: Picture, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(picture)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in capture.get().splitlines()]


def picture_after(*seen: events.Event) -> Picture:
    reporter = LiveReporter(memory_stream(terminal=True))
    try:
        for event in seen:
            reporter(event)
        return reporter.picture
    finally:
        reporter.abandon()


RUN = events.RunStarted(direction="upgrade", revisions=("r1", "r2", "r3"))
STEP = events.StepStarted(
    revision="r2", direction="upgrade", message="index on orders", number=2, total=3
)
PHASE = events.PhaseStarted(revision="r2", phase=1, kind="autocommit")
SQL = "\nCREATE INDEX CONCURRENTLY i\nON orders (id)"
STATEMENT = events.StatementStarted(revision="r2", sql=SQL, origin="r2.py:4")


def share(fraction: float | None) -> events.StatementProgress:
    return events.StatementProgress(
        revision="r2", sql=SQL, fraction=fraction, stage="scanning table"
    )


def done(number: int) -> events.StepFinished:
    return events.StepFinished(
        revision=f"r{number}", direction="upgrade", number=number, total=3, elapsed=0.5
    )


def test_a_script_that_is_played_meanwhile_does_not_hide_what_runs() -> None:
    next_step = events.StepStarted(
        revision="r3", direction="upgrade", message="next", number=3, total=3
    )
    first, second = drawn(picture_after(RUN, done(1), STEP, PHASE, STATEMENT, next_step))
    assert "r2 index on orders" in first
    assert second == "  phase 2, autocommit  CREATE INDEX CONCURRENTLY i"
    over = events.PhaseFinished(revision="r2", phase=1, kind="autocommit")
    [only] = drawn(picture_after(RUN, done(1), STEP, PHASE, STATEMENT, over, done(2), next_step))
    assert "r3 next" in only


def test_where_the_run_is() -> None:
    first, second = drawn(picture_after(RUN, done(1), STEP, PHASE, STATEMENT))
    assert " 1/3 " in first
    assert "r2 index on orders" in first
    assert second == "  phase 2, autocommit  CREATE INDEX CONCURRENTLY i"


def test_how_far_the_server_is() -> None:
    lines = drawn(picture_after(RUN, STEP, PHASE, STATEMENT, share(0.43)))
    assert lines[-1].endswith(" 43% scanning table")
    lines = drawn(picture_after(RUN, STEP, PHASE, STATEMENT, share(None)))
    assert lines[-1].endswith(" scanning table")
    assert "%" not in lines[-1]


def test_a_batch_names_what_is_in_it() -> None:
    batch = events.BatchSent(revisions=("r2", "r3"), statements=5, size=200)
    first, second = drawn(picture_after(RUN, STEP, batch))
    assert "r2 … r3 index on orders" in first
    assert second == "  2 revisions, 5 statements in one message"
    alone = events.BatchSent(revisions=("r2",), statements=1, size=20)
    assert "r2 index on orders" in drawn(picture_after(RUN, STEP, alone))[0]


def test_what_it_waits_for() -> None:
    waiting = events.LockWaiting(holder="pid 7", since=None, elapsed=1.0)
    assert "waiting for the lock, held by pid 7" in drawn(picture_after(waiting))[0]
    assert not picture_after(waiting, events.LockAcquired(elapsed=2.0)).waiting
    slow = events.ConnectionWaiting(reason="starting up", elapsed=1.0)
    assert "waiting for the database: starting up" in drawn(picture_after(slow))[0]


def test_a_finished_phase_and_a_new_step_take_their_lines_away() -> None:
    over = events.PhaseFinished(revision="r2", phase=1, kind="autocommit")
    assert len(drawn(picture_after(RUN, STEP, PHASE, STATEMENT, share(0.9), over))) == 1
    assert len(drawn(picture_after(RUN, STEP, PHASE, STATEMENT, share(0.9), STEP))) == 1


def test_a_backfill_has_a_bar_with_rate_and_remaining_time() -> None:
    begin = events.BackfillStarted(
        revision="r2", backfill="emails", table="users", total=1000, scanned=0, deferred=True
    )
    progress = events.BackfillProgress(
        revision="r2",
        backfill="emails",
        rows=400,
        scanned=400,
        total=1000,
        batches=4,
        failed=0,
        size=100,
        rate=2000.0,
        remaining=0.3,
    )
    for seen in ((RUN, STEP, begin, progress), (begin, progress)):
        lines = drawn(picture_after(*seen), width=100)
        assert any("backfill emails" in line for line in lines)
        assert any("40% of 1000 rows, 2,000 rows/s, 300 ms left" in line for line in lines)
    waiting = events.BackfillWaiting(revision="r2", backfill="emails", reason="a standby lags")
    lines = drawn(picture_after(RUN, STEP, begin, progress, waiting), width=100)
    assert any("a standby lags" in line for line in lines)


def test_no_line_is_wider_than_the_terminal() -> None:
    long = events.StatementStarted(revision="r2", sql="SELECT " + "x" * 300, origin=None)
    _, line = drawn(picture_after(RUN, STEP, PHASE, long), width=50)
    assert line == f"  phase 2, autocommit  SELECT {'x' * 19}…"
    assert len(line) == 50


def test_finished_steps_stay_on_the_screen() -> None:
    stream = memory_stream(terminal=True)
    reporter = LiveReporter(stream)
    with reporter:
        for event in (
            RUN,
            STEP,
            done(2),
            events.StepFinished(revision="r3", direction="upgrade", number=3, total=3, elapsed=2.0),
        ):
            reporter(event)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written(stream))
    assert "✓ r2 index on orders (500 ms)" in text
    assert "✓ r3 (2.00 s)" in text
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert written(stream).rindex(shown) > written(stream).rindex(hidden)


def test_a_short_run_without_steps_imports_and_shows_nothing() -> None:
    stream = memory_stream(terminal=True)
    with LiveReporter(stream) as reporter:
        reporter(events.RunFinished(direction="upgrade", applied=(), heads=("r3",), elapsed=0.0))
    assert written(stream) == ""


@pytest.mark.parametrize(
    ("quiet", "live", "terminal", "kind"),
    [
        (True, True, True, NullReporter),
        (False, None, True, LiveReporter),
        (False, None, False, LineReporter),
        (False, False, True, LineReporter),
        (False, True, False, LiveReporter),
    ],
)
def test_which_display_is_chosen(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, live: bool | None, terminal: bool, kind: type
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = memory_stream(terminal=terminal)
    assert type(choose_reporter(stream, quiet=quiet, live=live)) is kind


def test_a_terminal_that_cannot_move_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    chosen = choose_reporter(memory_stream(terminal=True), quiet=False, live=None)
    assert type(chosen) is LineReporter


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0:00"), (61.5, "1:01"), (3600 + 125, "1:02:05")]
)
def test_the_clock(seconds: float, text: str) -> None:
    assert _clock(seconds) == text
