"""What was written to revision files, and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.renames import RenameCandidate

__all__ = ["CreatedRevision", "Finding", "ValidationReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedRevision(Result):
    """A revision file that was written.

    ``changes`` counts what autogenerate found, and is None where it was not asked. ``written`` is False
    when nothing differed and nothing was to be written then. ``renames`` were given or agreed to;
    ``candidates`` look like renames, and are in the script as a drop and an addition.
    ``notes`` are what a person should know: that the models have no tables at all.
    ``further`` are the ids of the other revisions that ``process_revision_directives`` added.
    """

    revision: str
    path: str
    down_revisions: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    changes: int | None = None
    written: bool = True
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    notes: tuple[str, ...] = ()
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Result):
    """One thing that ``validate`` found wrong."""

    rule: str
    message: str
    revision: str | None = None
    path: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport(Result):
    """The rules that ``validate`` checked, and what it found.

    Attributes:
        revisions: the number of revision files.
        checked: the rules, each ``name: title``.
        findings: what is wrong.
        databases: the report of each database by name, where they have histories of their own.
    """

    revisions: int
    checked: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    databases: Mapping[str, ValidationReport] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings
