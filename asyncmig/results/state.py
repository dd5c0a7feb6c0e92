"""Where a database stands; of several, each stands by name in ``databases``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.history import RevisionInfo

__all__ = ["CurrentState", "PartialStep", "Status"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialStep(Result):
    """A revision that stopped between two of its phases."""

    revision: str
    direction: str
    phase: int
    kind: str
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentState(Result):
    """Where the database stands.

    Attributes:
        heads: rows of the version table, sorted.
        revisions: what the script directory says of them (unknown ones are left out).
        unknown: rows that the script directory does not have.
        ahead: True when the journal shows that the unknown rows stand on revisions we have.
        partial: steps that stopped half way.
        is_current: True when nothing is pending.
        databases: each of several by name; empty for a single one.
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
    """For health endpoints: what the database has, what the code has, what is between them.

    ``state`` is one of ``current``, ``pending``, ``partial``, ``ahead``, ``diverged``, ``empty``; of
    several databases the worst.
    """

    state: str
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...] = ()
    partial: tuple[PartialStep, ...] = ()
    unknown: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    databases: Mapping[str, Status] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when a service of this code may serve: nothing pending, nothing half done."""
        return self.state in {"current", "ahead"}
