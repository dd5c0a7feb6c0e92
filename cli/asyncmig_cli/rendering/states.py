"""The state of a database, and the results of ``upgrade``, ``stamp`` and ``resolve``."""

from collections.abc import Iterator, Sequence

from asyncmig.results import (
    BackfillInfo,
    CurrentState,
    PartialStep,
    ResolveResult,
    RevisionInfo,
    RunResult,
    StampResult,
    Status,
)
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, duration
from asyncmig_cli.rendering.revisions import head_lines

__all__ = [
    "current_lines",
    "resolve_lines",
    "revision_lines",
    "revision_states",
    "run_lines",
    "stamp_lines",
    "status_lines",
]

STATES = {
    "current": ("green", "nothing is pending"),
    "pending": ("yellow", "`asyncmig upgrade` applies what is pending"),
    "partial": ("red", "a revision is partially applied; `asyncmig upgrade` continues it"),
    "ahead": ("cyan", "the database is ahead of this code: a newer release migrated it"),
    "diverged": ("red", "the database has revisions that this code does not have"),
    "empty": ("yellow", "no revision is applied yet; run `asyncmig upgrade`"),
}

NEWER_PARTIAL = (
    "the database is ahead of this code: a newer release has partially applied a revision, "
    "and `asyncmig upgrade` of that release continues it"
)


def current_lines(state: CurrentState, stream: Stream, *, verbose: bool = False) -> Iterator[str]:
    """The rows of the version table, unknown and partially applied revisions."""
    yield from head_lines(state.revisions, stream, verbose=verbose, labels=False, tree=True)
    for row in state.unknown:
        why = "ahead of this code" if state.ahead else "not in the script directory"
        yield f"{stream.style(row, 'bold')} {stream.style(f'({why})', 'red')}"
    yield from _partial_lines(state.partial, stream)


def _partial_lines(partial: Sequence[PartialStep], stream: Stream) -> Iterator[str]:
    for step in partial:
        place = f"before phase {step.phase + 1}"
        if step.kind is not None:
            place = f"in {step.kind} phase {step.phase + 1}, statement {step.statement + 1}"
        yield (
            f"{stream.style(step.revision, 'bold')} {stream.style('(partial)', 'red')}"
            f" {step.direction} is {place}"
        )


def status_lines(status: Status, stream: Stream) -> Iterator[str]:
    """The state, and the revisions of the database and of the code."""
    color, meaning = STATES.get(status.state, ("red", ""))
    if status.state == "ahead" and status.partial:
        meaning = NEWER_PARTIAL
    yield _fact(stream, "state", f"{stream.style(status.state, color, 'bold')}  {meaning}".rstrip())
    yield _fact(stream, "database", ", ".join(status.current) or "<base>")
    yield _fact(stream, "code", ", ".join(status.heads) or "<base>")
    if status.pending:
        listed = _listed(status.pending)
        yield _fact(stream, "pending", f"{count(len(status.pending), 'revision')}: {listed}")
    if status.unknown:
        yield _fact(stream, "unknown", ", ".join(status.unknown))
    if status.edited:
        yield _fact(stream, "edited", f"{_listed(status.edited)} (changed since they were applied)")
    if status.inserted:
        what = "below an applied revision, and never run"
        yield _fact(stream, "inserted", f"{_listed(status.inserted)} ({what})")
    for line in _partial_lines(status.partial, stream):
        yield _fact(stream, "partial", line)
    for job in status.backfills:
        yield _fact(stream, "backfill", _backfill(job))


def _backfill(job: BackfillInfo) -> str:
    read = f"{job.scanned} of about {job.total} rows are read" if job.total else "not started"
    left = f", {duration(job.remaining)} left" if job.remaining is not None else ""
    why = job.error or job.reason
    return f"{job.name} ({job.state}): {read}{left}" + (f"; {why}" if why else "")


def revision_states(status: Status, history: Sequence[RevisionInfo]) -> list[dict[str, str]]:
    """Each revision of the code, oldest first, as ``{"revision", "message", "state"}``.

    Args:
        status: the state of the database.
        history: the revisions of the code, newest first.
    """
    states = dict.fromkeys(status.pending, "pending")
    states |= dict.fromkeys((step.revision for step in status.partial), "partial")
    return [
        {
            "revision": info.revision,
            "message": info.message,
            "state": states.get(info.revision, "applied"),
        }
        for info in reversed(history)
    ]


def revision_lines(revisions: Sequence[dict[str, str]], stream: Stream) -> Iterator[str]:
    """A line for each revision: ``[X]`` is applied, ``[ ]`` is pending, ``[~]`` is partially applied."""
    signs = {"applied": ("X", "green"), "pending": (" ", "yellow"), "partial": ("~", "red")}
    for one in revisions:
        sign, color = signs[one["state"]]
        text = f" {one['message']}" if one["message"] else ""
        partial = f" {stream.style('(partial)', 'red')}" if one["state"] == "partial" else ""
        yield f"[{stream.style(sign, color)}] {stream.style(one['revision'], 'bold')}{text}{partial}"
    if not revisions:
        yield "there are no revisions"


def _listed(revisions: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(revisions[:most])
    rest = len(revisions) - most
    return f"{shown} … and {rest} more" if rest > 0 else shown


def _fact(stream: Stream, label: str, value: str) -> str:
    return f"{stream.style(f'{label:<9}', 'dim')} {value}"


def run_lines(result: RunResult, stream: Stream) -> Iterator[str]:
    """The result of an upgrade or downgrade."""
    after = ", ".join(result.after) or "<base>"
    if not result.applied:
        ahead = ", which is ahead of this code" if result.ahead else ""
        yield f"nothing to {result.direction}: the database is at {after}{ahead}"
        return
    before = ", ".join(result.before) or "<base>"
    done = count(len(result.applied), "revision")
    verb = stream.style(f"{result.direction}d", "green", "bold")
    yield f"{verb} {before} → {after}: {done} in {duration(result.elapsed)}"


def resolve_lines(result: ResolveResult, stream: Stream) -> Iterator[str]:
    """What the next run will do with a partially applied revision."""
    then = {
        "done": "continues after the interrupted statement",
        "retry": "runs the interrupted statement again",
        "forget": "runs the whole revision again",
    }
    resolved = stream.style("resolved", "green", "bold")
    yield f"{resolved} {result.revision}, phase {result.phase + 1}: {result.decision}"
    yield f"the next `asyncmig {result.direction}` {then[result.decision]}"


def stamp_lines(result: StampResult, stream: Stream) -> Iterator[str]:
    """The rows of the version table before and after."""
    after = ", ".join(result.after) or "<base>"
    if result.before == result.after:
        yield f"the database is already stamped {after}"
        return
    before = ", ".join(result.before) or "<base>"
    yield f"{stream.style('stamped', 'green', 'bold')} {before} → {after}"
