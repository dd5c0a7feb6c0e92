"""What a plan would do to a busy database."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = [
    "Blocker",
    "Impact",
    "LongTransaction",
    "PredictedLock",
    "RelationLock",
    "StatementImpact",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationLock(Result):
    """A lock on a relation that existed before.

    Attributes:
        relation: its name, with its schema where that is not the default.
        mode: the strongest mode, as ``pg_locks`` names it.
        rows: an estimate; None where it is not known.
        bytes: of the table with its indexes, or of the index; an estimate as well.
        table: of an index, its table.
        held: an earlier statement of the same transaction took it, and it is still held.
    """

    relation: str
    mode: str
    rows: int | None = None
    bytes: int | None = None
    table: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementImpact(Result):
    """What one statement does.

    Attributes:
        revision: the revision.
        phase: the number of the phase in the step, from 0.
        statement: the number of the statement in the phase, from 0; None for what a live script sends by
            itself.
        origin: ``file:line``.
        sql: the statement, without secrets.
        source: ``traced``, ``known`` (from the table of facts), or ``unknown`` (not analysed).
        locks: the locks that it takes or needs to be held.
        rewrites: the tables and indexes whose file is written anew.
        scans: the tables that are read from end to end.
        blocks: ``nothing``, ``DDL only``, ``writes`` or ``reads and writes``.
        level: ``none``, ``brief``, ``writes`` or ``everything``.
        live: the script reads from the database.
        error: the message with which the server refused it in the copy.
        note: what a person should know.
        safe_form: how to do the same without blocking for long.
    """

    revision: str
    phase: int
    statement: int | None
    origin: str | None
    sql: str
    source: str
    locks: tuple[RelationLock, ...] = ()
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    blocks: str = "nothing"
    level: str = "none"
    live: bool = False
    error: str | None = None
    note: str | None = None
    safe_form: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTransaction(Result):
    """A transaction that was open for a while when the impact was assessed; ``age`` is in seconds."""

    pid: int
    age: float
    role: str | None = None
    application: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker(Result):
    """A session that holds a lock for which a statement of the plan would wait now; ``age`` is in seconds."""

    pid: int
    relation: str
    mode: str
    age: float | None = None
    role: str | None = None
    application: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact(Result):
    """What a plan would do, statement by statement.

    Attributes:
        statements: in the order of the plan.
        copy: where the plan was traced; None where it was not.
        incomplete: what the copy lacks, one line each.
        notes: what could not be found out.
        long_transactions: transactions that are open now; a lock that conflicts with theirs waits for them.
        blockers: sessions for which a statement would wait now.
        level: the worst level of a statement.
    """

    statements: tuple[StatementImpact, ...] = ()
    copy: str | None = None
    incomplete: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    long_transactions: tuple[LongTransaction, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    level: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedLock(Result):
    """The strongest lock that the table of facts predicts for a phase of the journal.

    Attributes:
        entry: the id of the journal's entry.
        mode: as ``pg_locks`` names it; None where no relation is locked that existed before.
        relation: what is locked.
        blocks: ``nothing``, ``DDL only``, ``writes`` or ``reads and writes``.
        scans: the tables that the phase reads from end to end.
    """

    entry: int
    mode: str | None = None
    relation: str | None = None
    blocks: str = "nothing"
    scans: tuple[str, ...] = ()
