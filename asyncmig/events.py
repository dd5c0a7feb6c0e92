"""What a run tells while it works: ``on_event`` of a ``Migrator`` receives these, in order.

Every event is a frozen value made of plain types. The callback is called in the event loop and
should return at once; what it raises stops the run.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BatchSent",
    "Blocker",
    "ConfigWarning",
    "ConnectionWaiting",
    "Event",
    "LockAcquired",
    "LockBlocked",
    "LockWaiting",
    "PhaseFinished",
    "PhaseRetried",
    "PhaseStarted",
    "RunFinished",
    "RunStarted",
    "StatementProgress",
    "StatementStarted",
    "StepFinished",
    "StepStarted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigWarning(Event):
    """What a person should know and is no error: a part of an ``env.py`` that counts for nothing."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionWaiting(Event):
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
    """The script of a revision runs; ``number`` counts from 1 to ``total``.

    What it says may be sent later: revisions before it may still be on their way.
    """

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
class Blocker:
    """A session that stands in the way.

    Attributes:
        pid: of its server process.
        application: its application_name, if it gave one.
        role: as whom it works.
        state: ``active``, ``idle in transaction`` ...; None where PostgreSQL does not let us see it.
        kind: ``client backend``, ``autovacuum worker`` ...
        query_age: seconds since its current or last query began.
        transaction_age: seconds since its transaction began.
        relation: what we wait for.
    """

    pid: int
    application: str | None = None
    role: str | None = None
    state: str | None = None
    kind: str | None = None
    query_age: float | None = None
    transaction_age: float | None = None
    relation: str | None = None

    def __str__(self) -> str:
        name = self.application or (self.kind if self.kind != "client backend" else None)
        facts = [fact for fact in (name or "unnamed", self.role, self.state) if fact]
        if self.query_age is not None:
            facts.append(f"query began {self.query_age:.1f} s ago")
        if self.transaction_age is not None:
            facts.append(f"transaction {self.transaction_age:.1f} s ago")
        where = f" holds {self.relation}" if self.relation else ""
        return f"pid {self.pid}{where} ({', '.join(facts)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockBlocked(Event):
    """A statement of ours waits for others: ``blockers`` stand in its way."""

    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRetried(Event):
    """A phase failed on a lock, a deadlock or a serialization failure, and is tried again.

    ``attempt`` of ``attempts`` follows after ``pause`` seconds and waits ``lock_timeout`` seconds for
    each lock (None: the server's own limit); ``blockers`` stood in the way of the last one.
    """

    revision: str
    phase: int
    attempt: int
    attempts: int
    sqlstate: str | None
    reason: str
    blockers: tuple[Blocker, ...]
    pause: float
    lock_timeout: float | None


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
