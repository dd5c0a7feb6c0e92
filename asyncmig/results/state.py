"""The state of a database; ``databases`` has the states by name if there are several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.backfills import BackfillInfo
    from asyncmig.results.history import RevisionInfo

__all__ = ["CurrentState", "PartialStep", "Status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialStep(Result):
    """A partially applied revision, and the phase and statement where it stopped, both counted from 0.

    ``kind`` is None for a phase that has not begun.
    """

    revision: str
    direction: str
    phase: int
    kind: str | None
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentState(Result):
    """The current revisions of the database.

    Attributes:
        heads: rows of the version table, sorted.
        revisions: their files; unknown ones are left out.
        unknown: rows that no revision file defines.
        ahead: True if the journal shows that the unknown revisions follow known ones.
        partial: partially applied revisions.
        is_current: True if nothing is pending.
        databases: the state of each by name; empty for a single database.
    """

    heads: tuple[str, ...]
    revisions: tuple[RevisionInfo, ...] = ()
    unknown: tuple[str, ...] = ()
    ahead: bool = False
    partial: tuple[PartialStep, ...] = ()
    is_current: bool = False
    databases: Mapping[str, CurrentState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Result):
    """The revisions of the database compared with those of the code, for health endpoints.

    ``state`` is one of ``current``, ``pending``, ``partial``, ``ahead``, ``diverged``, ``empty``; with
    several databases the worst one. The rest does not change it: ``edited``, applied revisions whose script
    was changed since, and ``inserted``, revisions that were put below an applied one and never run, both only
    if they were asked for; ``backfills``, those that are neither done nor cancelled.
    """

    state: str
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...] = ()
    partial: tuple[PartialStep, ...] = ()
    unknown: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    inserted: tuple[str, ...] = ()
    backfills: tuple[BackfillInfo, ...] = ()
    databases: Mapping[str, Status] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True if a service with this code may start: no revision of it is pending or partially applied."""
        return self.state in {"current", "ahead"}
