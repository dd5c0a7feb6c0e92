"""Results of several databases as one, with each of them beside it.

What is true of all is true of the whole; the state is the worst of theirs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from asyncmig.results.differences import CheckResult, RevisionCheck
    from asyncmig.results.runs import RunResult, StampResult, VersionTableResult
    from asyncmig.results.state import CurrentState, Status

__all__ = [
    "combined_check",
    "combined_current",
    "combined_position",
    "combined_run",
    "combined_stamp",
    "combined_status",
    "combined_tables",
]

_WORST = ("diverged", "partial", "empty", "pending", "ahead", "current")


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def combined_status(found: Mapping[str, Status]) -> Status:
    """The status of all."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
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
        databases=dict(found),
    )


def combined_current(found: Mapping[str, CurrentState]) -> CurrentState:
    """Where all of them stand."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
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


def combined_run(found: Mapping[str, RunResult]) -> RunResult:
    """What was done to all of them, in order."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
    return replace(
        every[0],
        before=_union(item.before for item in every),
        after=_union(item.after for item in every),
        applied=tuple(step for item in every for step in item.applied),
        ahead=any(item.ahead for item in every),
        elapsed=sum(item.elapsed for item in every),
        databases=dict(found),
    )


def combined_stamp(found: Mapping[str, StampResult]) -> StampResult:
    """What was written into each version table."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
    return replace(
        every[0],
        before=_union(item.before for item in every),
        after=_union(item.after for item in every),
        databases=dict(found),
    )


def combined_tables(found: Mapping[str, VersionTableResult]) -> VersionTableResult:
    """Whether any table had to be created."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
    return replace(every[0], created=any(item.created for item in every), databases=dict(found))


def combined_position(found: Mapping[str, RevisionCheck]) -> RevisionCheck:
    """Whether all stand at a revision."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
    return replace(
        every[0],
        revisions=_union(item.revisions for item in every),
        current=_union(item.current for item in every),
        missing=_union(item.missing for item in every),
        unexpected=_union(item.unexpected for item in every),
        partial=_union(item.partial for item in every),
        databases=dict(found),
    )


def combined_check(found: Mapping[str, CheckResult]) -> CheckResult:
    """All differences."""
    every = list(found.values())
    if len(every) == 1:
        return every[0]
    return replace(
        every[0],
        differences=tuple(one for item in every for one in item.differences),
        candidates=tuple(dict.fromkeys(one for item in every for one in item.candidates)),
        notes=_union(item.notes for item in every),
        databases=dict(found),
    )
