"""The entries of the journal."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["JournalEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Result):
    """A row of the journal: one phase of one revision.

    Times are ISO 8601 with zone; ``elapsed`` is in seconds. ``state`` is ``started``, ``done``, ``failed``,
    ``caught``, ``refused``, ``resolved`` or ``forgotten``. ``phase`` counts from 0; ``statement`` is the
    number of committed statements of the phase. ``final`` marks a row after which nothing of the revision is
    partial: its phase changed the version table, or failed before anything was committed. ``database`` is the
    name of the database, if there are several.

    ``lock_wait`` is the longest wait for a lock in seconds, ``lock_held`` how long the strongest lock was
    held, and ``lock_mode`` and ``lock_relation`` are that lock. They are sampled in phases that take longer
    than a quarter of a second, and None in others.
    """

    id: int
    run: str
    revision: str
    direction: str
    phase: int
    kind: str
    state: str
    statement: int
    final: bool
    started_at: str
    finished_at: str | None
    elapsed: float | None
    checksum: str | None
    host: str | None
    pid: int | None
    application: str | None
    role: str | None
    asyncmig_version: str | None
    tag: str | None
    error: str | None
    lock_wait: float | None = None
    lock_held: float | None = None
    lock_mode: str | None = None
    lock_relation: str | None = None
    database: str | None = None
