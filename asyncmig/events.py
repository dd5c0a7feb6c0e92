"""The events of a run, in order, for ``on_event`` of a ``Migrator``.

Every event is a frozen value of plain types. The callback is called in the event loop and should return
quickly; an exception that it raises stops the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from warnings import warn

__all__ = [
    "BackfillFinished",
    "BackfillProgress",
    "BackfillStarted",
    "BackfillWaiting",
    "BatchSent",
    "Blocker",
    "ConfigWarning",
    "ConnectionWaiting",
    "DatabaseConnected",
    "EnvWarning",
    "Event",
    "HistoryWarning",
    "LockAcquired",
    "LockBlocked",
    "LockWaiting",
    "NothingPending",
    "PhaseFinished",
    "PhaseRetried",
    "PhaseStarted",
    "RunFailed",
    "RunFinished",
    "RunStarted",
    "ServerNotice",
    "StatementProgress",
    "StatementStarted",
    "StepFinished",
    "StepStarted",
    "TransactionsAwaited",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigWarning(Event):
    """A warning about the configuration, for example a part of an ``env.py`` that has no effect."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvWarning(ConfigWarning):
    """Something about the execution of an ``env.py``: a statement that was left out, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWarning(ConfigWarning):
    """The script directory has ``revisions`` below an applied one that the database has never run."""

    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConnected(Event):
    """A run has its connection.

    ``host`` is a name, an address or the folder of a Unix-domain socket; ``source`` says where the URL
    was written, and is None for an engine or a connection of the caller's.
    """

    host: str
    port: int | None
    database: str
    source: str | None

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        source = f", url from {self.source}" if self.source else ""
        return f"database {self.database} on {self.host}{port}{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionWaiting(Event):
    """The server does not answer yet, after ``elapsed`` seconds."""

    reason: str
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWaiting(Event):
    """Another runner holds the lock.

    ``holder`` has its pid, application and host, if the role may see them; ``since`` is the number of
    seconds that its session has been connected; ``elapsed`` is the number of seconds waited.
    """

    holder: str | None
    since: float | None
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAcquired(Event):
    """This runner has the lock, after ``elapsed`` seconds."""

    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """``revisions`` will run, in this order."""

    direction: str
    revisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingPending(Event):
    """No revision is to be run: the version table has the rows ``heads`` already.

    ``ahead`` is True for a database that newer code has migrated further.
    """

    direction: str
    heads: tuple[str, ...]
    ahead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNotice(Event):
    """A message of the server that is not an error, such as that of ``RAISE WARNING``.

    ``severity`` is PostgreSQL's, in English: ``WARNING``, ``NOTICE``, ``INFO``, ``LOG`` or ``DEBUG``.
    """

    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    sqlstate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSent(Event):
    """A message with the statements of ``revisions`` was sent: ``size`` in bytes."""

    revisions: tuple[str, ...]
    statements: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """The script of a revision is executed; ``number`` counts from 1 to ``total``.

    Its statements may be sent later: earlier revisions may not be sent yet.
    """

    revision: str
    direction: str
    message: str
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted(Event):
    """A phase that is sent separately starts."""

    revision: str
    phase: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementStarted(Event):
    """A statement that is sent separately starts."""

    revision: str
    sql: str
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementProgress(Event):
    """The server's progress with a concurrent index: ``fraction`` from 0 to 1, and its stage."""

    revision: str
    sql: str
    fraction: float | None
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A session that holds a lock which another one waits for.

    Attributes:
        pid: of its server process.
        application: its application_name, if it gave one.
        role: its user.
        state: ``active``, ``idle in transaction`` ...; None if the role may not see it.
        kind: ``client backend``, ``autovacuum worker`` ...
        query_age: seconds since its current or last query began.
        transaction_age: seconds since its transaction began.
        relation: the locked relation.
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
    """A statement waits for a lock that ``blockers`` hold."""

    blockers: tuple[Blocker, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillStarted(Event):
    """A backfill starts, or continues.

    ``scanned`` of about ``total`` rows are done already, and ``rows`` were changed.
    """

    revision: str
    backfill: str
    table: str
    total: int
    scanned: int
    deferred: bool
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress(Event):
    """The figures of a running backfill, at most twice a second.

    ``rows`` are changed, ``scanned`` of about ``total`` have been read; ``rate`` is rows read per second,
    ``remaining`` the expected time in seconds (None until there is a rate), ``size`` the rows of a batch.
    """

    revision: str
    backfill: str
    rows: int
    scanned: int
    total: int
    batches: int
    failed: int
    size: int
    rate: float
    remaining: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillWaiting(Event):
    """A backfill makes a pause: ``reason`` says what it waits for."""

    revision: str
    backfill: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillFinished(Event):
    """A backfill has ended: ``state`` is ``done``, ``failed``, ``cancelled`` or ``pending`` (recorded).

    ``rows`` were changed, ``earlier_rows`` of them before this run, which took ``elapsed`` seconds, and
    ``failed`` were refused.
    """

    revision: str
    backfill: str
    state: str
    rows: int
    failed: int
    elapsed: float
    note: str | None = None
    earlier_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionsAwaited(Event):
    """A phase of a safe rewrite waits for long transactions before it asks for its lock.

    They hold locks on the table, so that the phase would wait in the queue of its lock, and every later
    query behind it. It asks when they have ended, or after ``remaining`` seconds.
    """

    revision: str
    phase: int
    blockers: tuple[Blocker, ...]
    remaining: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRetried(Event):
    """A phase failed on a lock, a deadlock or a serialization failure, and is retried.

    ``attempt`` of ``attempts`` follows after ``pause`` seconds and waits ``lock_timeout`` seconds for
    each lock (None: the server's setting); ``blockers`` held the lock in the last attempt.
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
    """A phase is committed."""

    revision: str
    phase: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A revision is committed, with its rows of the version table and the journal."""

    revision: str
    direction: str
    number: int
    total: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run has ended; the version table has the rows ``heads``."""

    direction: str
    applied: tuple[str, ...]
    heads: tuple[str, ...]
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(Event):
    """The run has ended with an error, which is raised next.

    ``error`` is its type and ``sqlstate`` the server's code, where it gave one; ``applied`` are the revisions
    that the run has committed before, ``revision`` and the index ``phase``, from 0, say what is at fault,
    where that is known.
    """

    direction: str
    error: str
    message: str
    hint: str | None
    sqlstate: str | None
    revision: str | None
    phase: int | None
    applied: tuple[str, ...]
    elapsed: float


_FORMER = {"Notice": ConfigWarning, "Waiting": ConnectionWaiting}


def __getattr__(name: str) -> type[Event]:
    if (event := _FORMER.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warn(f"{name} is named {event.__name__} now", DeprecationWarning, stacklevel=2)
    return event
