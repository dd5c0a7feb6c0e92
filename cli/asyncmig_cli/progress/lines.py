"""Progress as lines, one for each finished step: for pipes, logs and dumb terminals."""

from collections.abc import Callable
from time import monotonic
from typing import Self

from asyncmig import events
from asyncmig_cli.output.console import BrokenOutputError, Stream
from asyncmig_cli.output.units import count, duration

__all__ = [
    "LineReporter",
    "backfill_end",
    "backfill_text",
    "blocked_text",
    "first_line",
    "holder_text",
    "notice_text",
    "retry_text",
]

REPEAT_AFTER = 10.0
SHARE_EVERY = 5.0


class LineReporter:
    """Writes lines to ``stream``; when the stream fails it writes no more, and the run continues."""

    def __init__(self, stream: Stream, clock: Callable[[], float] = monotonic) -> None:
        self.stream = stream
        self.messages: dict[str, str] = {}
        self.total = 0
        self.next_wait = 0.0
        self.clock = clock
        self.next_share = 0.0
        self.blocked_by: tuple[int, ...] = ()
        self.is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def abandon(self) -> None:
        """Nothing is to be restored."""

    def say(self, text: str) -> None:
        """Write one line at once."""
        if self.is_closed:
            return
        try:
            self.stream.line(text)
            self.stream.flush()
        except (BrokenOutputError, OSError, ValueError):
            self.is_closed = True

    def __call__(self, event: events.Event) -> None:
        """Write what has finished, or what the run waits for."""
        line = self._line(event)
        if line:
            self.say(line)

    def _line(self, event: events.Event) -> str | None:
        match event:
            case events.DatabaseConnected():
                return str(event)
            case events.RunStarted():
                self.total = len(event.revisions)
                return None
            case events.StepStarted():
                self.messages[event.revision] = event.message
                return None
            case events.StepFinished():
                total = self.total or event.total
                counted = self.stream.style(f"[{event.number:>{len(str(total))}}/{total}]", "dim")
                message = self.messages.pop(event.revision, "")
                took = self.stream.style(f"({duration(event.elapsed)})", "dim")
                parts = (counted, event.direction, event.revision, message, took)
                return " ".join(part for part in parts if part)
            case events.LockWaiting() if event.elapsed >= self.next_wait:
                self.next_wait = event.elapsed + REPEAT_AFTER
                return f"waiting for the lock, {duration(event.elapsed)}: {holder_text(event)}"
            case events.ConnectionWaiting() if event.elapsed >= self.next_wait:
                self.next_wait = event.elapsed + REPEAT_AFTER
                return f"waiting for the database, {duration(event.elapsed)}: {event.reason}"
            case events.LockBlocked():
                return self._blocked(event)
            case events.TransactionsAwaited():
                return awaited_text(event)
            case events.PhaseRetried():
                self.blocked_by = tuple(one.pid for one in event.blockers)
                return retry_text(event)
            case events.ConfigWarning():
                return f"note: {event.message}"
            case events.ServerNotice():
                return notice_text(event)
            case events.StatementStarted():
                self.next_share = self.clock() + SHARE_EVERY
                return None
            case events.StatementProgress() if self.clock() >= self.next_share:
                self.next_share = self.clock() + SHARE_EVERY
                share = "" if event.fraction is None else f" {event.fraction:.0%}"
                return f"    {event.stage}{share}: {first_line(event.sql)}"
            case events.BackfillStarted():
                self.next_share = self.clock() + SHARE_EVERY
                done = f", {event.scanned} are done" if event.scanned else ""
                return f"    backfill {event.backfill}: about {count(event.total, 'row')}{done}"
            case events.BackfillProgress() if self.clock() >= self.next_share:
                self.next_share = self.clock() + SHARE_EVERY
                return f"    backfill {event.backfill}: {backfill_text(event)}"
            case events.BackfillWaiting():
                return f"    backfill {event.backfill} waits: {event.reason}"
            case events.BackfillFinished():
                return backfill_end(event)
            case _:
                return None

    def _blocked(self, event: events.LockBlocked) -> str | None:
        """The sessions that block a statement, once for the same ones."""
        known, self.blocked_by = self.blocked_by, tuple(one.pid for one in event.blockers)
        return None if known == self.blocked_by else blocked_text(event)


def blocked_text(event: events.LockBlocked) -> str:
    """The sessions that block a statement."""
    return f"blocked by {'; '.join(str(blocker) for blocker in event.blockers)}"


def awaited_text(event: events.TransactionsAwaited) -> str:
    """The long transactions that a phase waits for before it asks for its lock."""
    waits = (
        f"waits up to {duration(event.remaining)} for" if event.remaining else "would queue behind"
    )
    names = "; ".join(str(blocker) for blocker in event.blockers)
    return f"{event.revision}, phase {event.phase + 1} {waits} {names}"


def holder_text(event: events.LockWaiting) -> str:
    """The session that holds the lock, if the role may see it."""
    if event.holder is None:
        return "another runner holds it"
    since = f", connected for {duration(event.since)}" if event.since is not None else ""
    return f"held by {event.holder}{since}"


def notice_text(event: events.ServerNotice) -> str:
    """A message of the server, with its detail and hint below."""
    lines = [f"{event.severity.lower()}: {event.message}"]
    lines += [f"  {name}: {text}" for name in ("detail", "hint") if (text := getattr(event, name))]
    return "\n".join(lines)


def retry_text(event: events.PhaseRetried) -> str:
    """Why a phase is retried, and the sessions that blocked it."""
    blockers = f"; blocked by {'; '.join(map(str, event.blockers))}" if event.blockers else ""
    attempt = f"attempt {event.attempt} of {event.attempts} in {duration(event.pause)}"
    return f"{event.revision}, phase {event.phase + 1}: {event.reason}{blockers}; {attempt}"


def backfill_text(event: events.BackfillProgress) -> str:
    """The figures of a running backfill."""
    share = event.scanned / event.total if event.total else 1.0
    left = "" if event.remaining is None else f", {duration(event.remaining)} left"
    failed = f", {event.failed} refused" if event.failed else ""
    return f"{share:.0%} of {event.total} rows, {event.rate:,.0f} rows/s{left}{failed}"


def backfill_end(event: events.BackfillFinished) -> str:
    """The end of a backfill."""
    if event.state == "pending":
        return f"    backfill {event.backfill} is recorded: `asyncmig backfill run` does it"
    failed = f", {event.failed} refused" if event.failed else ""
    note = f"; {event.note}" if event.note else ""
    rows = count(event.rows, "row")
    earlier = f", {event.earlier_rows} of them earlier" if event.earlier_rows else ""
    took = duration(event.elapsed)
    changed = f"{rows} changed{earlier}{failed} ({took})"
    return f"    backfill {event.backfill} is {event.state}: {changed}{note}"


def first_line(sql: str) -> str:
    """The first line of a statement that is not blank."""
    return next((line.strip() for line in sql.splitlines() if line.strip()), "")
