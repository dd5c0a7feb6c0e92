"""What the journal holds."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["JournalEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Result):
    """One row of the journal, one phase of one revision.

    Times are ISO 8601 with zone; ``elapsed`` is in seconds; ``state`` is ``started``, ``done`` or
    ``failed``; ``statement`` counts the phase's finished statements; ``final`` marks the phase that
    changed the version table. ``database`` says which of several it was.
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
    database: str | None = None
