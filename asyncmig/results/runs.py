"""What was done to a database; of several, each stands by name in ``databases``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AppliedStep", "ResolveResult", "RunResult", "StampResult", "VersionTableResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedStep(Result):
    """A step of a run that stands committed; ``phases`` counts them, ``elapsed`` is in seconds."""

    revision: str
    direction: str
    phases: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Result):
    """What an upgrade or downgrade did.

    ``before`` and ``after`` are rows of the version table. ``ahead`` is True when nothing was done
    because the database stands on newer revisions than the code has.
    """

    direction: str
    target: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[AppliedStep, ...] = ()
    ahead: bool = False
    elapsed: float = 0.0
    databases: Mapping[str, RunResult] = field(default_factory=dict)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids that ran, in order."""
        return tuple(step.revision for step in self.applied)

    def __bool__(self) -> bool:
        return bool(self.applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampResult(Result):
    """What ``stamp`` left in the version table."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    databases: Mapping[str, StampResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTableResult(Result):
    """Whether ``ensure_version`` had to create the tables."""

    table: str
    created: bool
    databases: Mapping[str, VersionTableResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveResult(Result):
    """What was decided about a revision that stopped half way, and about which of its phases."""

    revision: str
    direction: str
    phase: int
    decision: str
