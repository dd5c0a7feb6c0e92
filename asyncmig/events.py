"""What a run tells while it works: ``on_event`` of a ``Migrator`` receives these, in order.

Every event is a frozen value made of plain types. The callback is called in the event loop and
should return at once; what it raises stops the run.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BatchSent",
    "Event",
    "LockAcquired",
    "LockWaiting",
    "PhaseFinished",
    "PhaseStarted",
    "RunFinished",
    "RunStarted",
    "StatementProgress",
    "StatementStarted",
    "StepFinished",
    "StepStarted",
    "Waiting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Event):
    """The database does not answer yet; ``elapsed`` seconds have passed."""

    reason: str
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWaiting(Event):
    """Another runner holds the lock.

    ``holder`` names its pid, application and host where PostgreSQL lets us see them; ``since`` is
    for how many seconds its session has been connected; ``elapsed`` is how long we have waited.
    """

    holder: str | None
    since: float | None
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAcquired(Event):
    """The runner's lock is ours after ``elapsed`` seconds."""

    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """``revisions`` are about to run in this order."""

    direction: str
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSent(Event):
    """One message with the work of ``revisions`` was sent: ``size`` bytes, ``statements`` in all."""

    revisions: tuple[str, ...]
    statements: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """The script of a revision runs; ``number`` counts from 1 to ``total``."""

    revision: str
    direction: str
    message: str
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted(Event):
    """A phase that is sent by itself begins."""

    revision: str
    phase: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementStarted(Event):
    """A statement that is sent by itself begins."""

    revision: str
    sql: str
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementProgress(Event):
    """How far the server is with a concurrent index: ``fraction`` from 0 to 1, and its own word."""

    revision: str
    sql: str
    fraction: float | None
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFinished(Event):
    """A phase stands committed."""

    revision: str
    phase: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A revision stands committed, version table and journal included."""

    revision: str
    direction: str
    number: int
    total: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run is over; the version table holds ``heads``."""

    direction: str
    applied: tuple[str, ...]
    heads: tuple[str, ...]
    elapsed: float
