"""The results of commands that change a database; ``databases`` has them by name if there are several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AppliedStep", "ResolveResult", "RunResult", "StampResult", "VersionTableResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedStep(Result):
    """A committed step of a run; ``phases`` is their number, ``elapsed`` is in seconds."""

    revision: str
    direction: str
    phases: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Result):
    """The result of an upgrade or downgrade.

    ``before`` and ``after`` are rows of the version table. ``ahead`` is True if nothing was
    done because the database has newer revisions than the code. ``address`` is the database,
    ``host:port/name``, and ``url_source`` says where its URL was written.
    """

    direction: str
    target: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[AppliedStep, ...] = ()
    ahead: bool = False
    elapsed: float = 0.0
    address: str | None = None
    url_source: str | None = None
    databases: Mapping[str, RunResult] = field(default_factory=dict)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids of the applied steps, in order."""
        return tuple(step.revision for step in self.applied)

    def __bool__(self) -> bool:
        return bool(self.applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampResult(Result):
    """The rows of the version table before and after ``stamp``."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    databases: Mapping[str, StampResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTableResult(Result):
    """Whether ``ensure_version`` created the tables."""

    table: str
    created: bool
    databases: Mapping[str, VersionTableResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveResult(Result):
    """The decision about a phase of a partially applied revision."""

    revision: str
    direction: str
    phase: int
    decision: str
