"""Combines the results of several databases into one result, which holds each of them by name.

A property is true if it is true for all databases; the state is the worst one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from asyncmig.results.differences import CheckResult, RevisionCheck
    from asyncmig.results.files import ValidationReport
    from asyncmig.results.lint import LintResult
    from asyncmig.results.runs import RunResult, StampResult, VersionTableResult
    from asyncmig.results.state import CurrentState, Status

__all__ = [
    "combined_check",
    "combined_current",
    "combined_lint",
    "combined_revision_check",
    "combined_run",
    "combined_stamp",
    "combined_status",
    "combined_tables",
    "combined_validation",
]

T = TypeVar("T")
_WORST = ("diverged", "partial", "empty", "pending", "ahead", "current")


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _of_several(combine: Callable[[Mapping[str, T]], T]) -> Callable[[Mapping[str, T]], T]:
    """A function that combines results; that of a single database stays as it is."""

    @wraps(combine)
    def combined(found: Mapping[str, T]) -> T:
        return next(iter(found.values())) if len(found) == 1 else combine(found)

    return combined


@_of_several
def combined_status(found: Mapping[str, Status]) -> Status:
    """The status of several databases: the worst state, all revisions."""
    every = list(found.values())
    state = min((item.state for item in every), key=_WORST.index)
    if state == "empty" and any(item.state != "empty" for item in every):
        state = "pending"
    return replace(
        every[0],
        state=state,
        current=_union(item.current for item in every),
        heads=_union(item.heads for item in every),
        pending=_union(item.pending for item in every),
        partial=tuple(step for item in every for step in item.partial),
        unknown=_union(item.unknown for item in every),
        edited=_union(item.edited for item in every),
        inserted=_union(item.inserted for item in every),
        backfills=tuple(job for item in every for job in item.backfills),
        databases=dict(found),
    )


@_of_several
def combined_current(found: Mapping[str, CurrentState]) -> CurrentState:
    """The current revisions of several databases."""
    every = list(found.values())
    revisions = {info.revision: info for item in every for info in item.revisions}
    return replace(
        every[0],
        heads=_union(item.heads for item in every),
        revisions=tuple(revisions.values()),
        unknown=_union(item.unknown for item in every),
        ahead=any(item.ahead for item in every),
        partial=tuple(step for item in every for step in item.partial),
        is_current=all(item.is_current for item in every),
        databases=dict(found),
    )


@_of_several
def combined_run(found: Mapping[str, RunResult]) -> RunResult:
    """The steps of several databases, in order."""
    every = list(found.values())
    return replace(
        every[0],
        before=_union(item.before for item in every),
        after=_union(item.after for item in every),
        applied=tuple(step for item in every for step in item.applied),
        ahead=any(item.ahead for item in every),
        elapsed=sum(item.elapsed for item in every),
        address=None,
        url_source=None,
        databases=dict(found),
    )


@_of_several
def combined_stamp(found: Mapping[str, StampResult]) -> StampResult:
    """The rows of several version tables."""
    every = list(found.values())
    return replace(
        every[0],
        before=_union(item.before for item in every),
        after=_union(item.after for item in every),
        databases=dict(found),
    )


@_of_several
def combined_tables(found: Mapping[str, VersionTableResult]) -> VersionTableResult:
    """Whether the tables of any database were created."""
    every = list(found.values())
    return replace(every[0], created=any(item.created for item in every), databases=dict(found))


@_of_several
def combined_revision_check(found: Mapping[str, RevisionCheck]) -> RevisionCheck:
    """Whether several databases are at a revision."""
    every = list(found.values())
    return replace(
        every[0],
        revisions=_union(item.revisions for item in every),
        current=_union(item.current for item in every),
        missing=_union(item.missing for item in every),
        unexpected=_union(item.unexpected for item in every),
        partial=_union(item.partial for item in every),
        databases=dict(found),
    )


@_of_several
def combined_check(found: Mapping[str, CheckResult]) -> CheckResult:
    """The differences of several databases."""
    every = list(found.values())
    return replace(
        every[0],
        differences=tuple(one for item in every for one in item.differences),
        candidates=tuple(dict.fromkeys(one for item in every for one in item.candidates)),
        notes=_union(item.notes for item in every),
        databases=dict(found),
    )


@_of_several
def combined_validation(found: Mapping[str, ValidationReport]) -> ValidationReport:
    """The findings of several histories."""
    every = list(found.values())
    return replace(
        every[0],
        revisions=sum(item.revisions for item in every),
        findings=tuple(one for item in every for one in item.findings),
        databases=dict(found),
    )


@_of_several
def combined_lint(found: Mapping[str, LintResult]) -> LintResult:
    """The findings about several databases, one after the other."""
    every = list(found.values())
    return replace(
        every[0],
        findings=tuple(finding for item in every for finding in item.findings),
        revisions=_union(item.revisions for item in every),
        statements=sum(item.statements for item in every),
        database=all(item.database for item in every),
        notes=tuple(f"{name}: {note}" for name, item in found.items() for note in item.notes),
        databases=dict(found),
    )
