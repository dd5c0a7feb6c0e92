"""The text of the log: one line for an event, with the logger and the level that it belongs to."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig import events

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LogLine", "LogLines"]

REPEAT_AFTER = 10.0
"""Seconds between two lines about the same wait, or about one backfill."""

NOTICE_LEVELS = {"WARNING": logging.WARNING, "NOTICE": logging.INFO, "INFO": logging.INFO}


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for ``asyncmig.LOGGER``."""

    logger: str
    level: int
    text: str


class LogLines:
    """Writes the lines of one database; it remembers what later lines repeat.

    Args:
        clock: the monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._database = ""
        self._messages: dict[str, str] = {}
        self._direction = ""
        self._next: dict[str, float] = {}

    def line(self, event: events.Event) -> LogLine:
        """The line of an event; events that only a debugger wants have the level DEBUG."""
        return (
            self._of_run(event)
            or self._of_wait(event)
            or self._of_backfill(event)
            or self._of_message(event)
            or LogLine("run", logging.DEBUG, repr(event))
        )

    def _of_run(self, event: events.Event) -> LogLine | None:
        match event:
            case events.DatabaseConnected():
                port = "" if event.port is None else f":{event.port}"
                self._database = f" of database {event.database} on {event.host}{port}"
                return LogLine("run", logging.DEBUG, f"connected to {event}")
            case events.RunStarted():
                self._direction = event.direction
                names = event.revisions
                span = f": {names[0]}" + (f" to {names[-1]}" if len(names) > 1 else "")
                text = f"{event.direction}{self._database} starts, "
                return LogLine("run", logging.INFO, text + _count(len(names), "revision") + span)
            case events.NothingPending():
                state = "newer than this code" if event.ahead else "nothing is pending"
                text = f"{event.direction}{self._database}: {state}, at {_names(event.heads)}"
                return LogLine("run", logging.INFO, text)
            case events.StepStarted():
                self._messages[event.revision] = event.message
                return None
            case events.StepFinished():
                done = "applied" if event.direction == "upgrade" else "reverted"
                message = self._messages.pop(event.revision, "")
                parts = [done, event.revision, message, f"({_seconds(event.elapsed)})"]
                return LogLine("run", logging.INFO, " ".join(part for part in parts if part))
            case events.RunFinished():
                done = "applied" if event.direction == "upgrade" else "reverted"
                revisions = _count(len(event.applied), "revision")
                text = (
                    f"{event.direction} finished in {_seconds(event.elapsed)}: {revisions} {done}"
                )
                return LogLine("run", logging.INFO, f"{text}, now at {_names(event.heads)}")
            case events.RunFailed():
                state = "" if event.sqlstate is None else f" (SQLSTATE {event.sqlstate})"
                where = "" if event.revision is None else f" in {event.revision}"
                done = "applied" if event.direction == "upgrade" else "reverted"
                text = f"{event.direction}{self._database} failed after {_seconds(event.elapsed)}{where}"
                committed = f"{_count(len(event.applied), 'revision')} {done}"
                return LogLine("run", logging.ERROR, f"{text}: {event.error}{state}, {committed}")
            case _:
                return None

    def _of_wait(self, event: events.Event) -> LogLine | None:
        match event:
            case events.ConnectionWaiting():
                text = f"waiting for the database, {_seconds(event.elapsed)}: {event.reason}"
                return LogLine("wait", self._repeated("connection"), text)
            case events.LockWaiting():
                holder = event.holder or "another session"
                text = (
                    f"waiting for the migration lock, {_seconds(event.elapsed)}: {holder} holds it"
                )
                return LogLine("wait", self._repeated("lock"), text)
            case events.LockAcquired():
                waited = "lock" in self._next
                self._next.pop("lock", None)
                text = f"got the migration lock after {_seconds(event.elapsed)}"
                return LogLine("wait", logging.INFO if waited else logging.DEBUG, text)
            case events.LockBlocked():
                return LogLine("wait", logging.WARNING, f"blocked by {_sessions(event.blockers)}")
            case events.TransactionsAwaited():
                text = (
                    f"{event.revision}, phase {event.phase + 1} waits up to {_seconds(event.remaining)} "
                    f"for long transactions: {_sessions(event.blockers)}"
                )
                return LogLine("wait", logging.WARNING, text)
            case events.PhaseRetried():
                by = f", blocked by {_sessions(event.blockers)}" if event.blockers else ""
                text = (
                    f"{event.revision}, phase {event.phase + 1}: {event.reason}{by}; attempt {event.attempt} "
                    f"of {event.attempts} follows in {_seconds(event.pause)}"
                )
                return LogLine("wait", logging.WARNING, text)
            case _:
                return None

    def _of_backfill(self, event: events.Event) -> LogLine | None:
        match event:
            case events.BackfillStarted():
                self._repeated(event.backfill)
                rows = f"about {_count(event.total, 'row')} of {event.table}"
                text = f"backfill {event.backfill} starts: {rows}, {event.scanned} done"
                return LogLine("backfill", logging.INFO, text)
            case events.BackfillProgress():
                level = logging.DEBUG
                if self._repeated(event.backfill) == logging.WARNING:
                    level = logging.INFO
                share = f"{event.scanned} of about {_count(event.total, 'row')}"
                text = f"backfill {event.backfill}: {share}, {event.rate:.0f} rows/s"
                return LogLine("backfill", level, text)
            case events.BackfillWaiting():
                text = f"backfill {event.backfill} waits: {event.reason}"
                return LogLine("backfill", logging.WARNING, text)
            case events.BackfillFinished():
                self._next.pop(event.backfill, None)
                level = logging.WARNING if event.state == "failed" or event.failed else logging.INFO
                earlier = f", {event.earlier_rows} of them earlier" if event.earlier_rows else ""
                text = (
                    f"backfill {event.backfill} is {event.state}: {_count(event.rows, 'row')} changed"
                    f"{earlier}, {event.failed} failed ({_seconds(event.elapsed)})"
                )
                return LogLine("backfill", level, text)
            case _:
                return None

    def _of_message(self, event: events.Event) -> LogLine | None:
        match event:
            case events.ServerNotice():
                level = NOTICE_LEVELS.get(event.severity, logging.DEBUG)
                return LogLine("server", level, f"{event.severity}: {event.message}")
            case events.ConfigWarning():
                return LogLine("config", logging.WARNING, event.message)
            case _:
                return None

    def _repeated(self, subject: str) -> int:
        """WARNING for the first line of a subject and after some time, DEBUG between."""
        now = self._clock()
        if now < self._next.get(subject, now):
            return logging.DEBUG
        self._next[subject] = now + REPEAT_AFTER
        return logging.WARNING


def _names(heads: tuple[str, ...]) -> str:
    return ", ".join(heads) or "base"


def _sessions(blockers: tuple[events.Blocker, ...]) -> str:
    return "; ".join(str(blocker) for blocker in blockers) or "another session"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _seconds(elapsed: float) -> str:
    return f"{elapsed:.1f} s" if elapsed >= 10 else f"{elapsed:.2f} s"
