"""The results of ``revision``, ``merge`` and ``validate``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.differences import Difference
    from asyncmig.results.renames import RenameCandidate

__all__ = ["CreatedRevision", "Finding", "ValidationReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedRevision(Result):
    """A revision file that was written.

    ``changes`` is the number of operations that autogenerate found; None without autogenerate.
    ``differences`` are those that they remove, in all the revisions that were written. ``written`` is
    False with ``skip_empty`` if there was no difference. ``renames`` were given or confirmed; ``candidates``
    may be renames, and are in the script as a drop and an addition. ``notes`` are warnings, for example that
    the models have no tables. ``further`` are the ids of the other revisions that
    ``process_revision_directives`` added.
    """

    revision: str
    path: str
    down_revisions: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    changes: int | None = None
    differences: tuple[Difference, ...] = ()
    written: bool = True
    renames: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    notes: tuple[str, ...] = ()
    further: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Result):
    """A fault that ``validate`` found."""

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
        """True if there are no findings."""
        return not self.findings
