"""The phase of a backfill in a run: the job runs here, is only recorded, or is required to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.backfill.jobs import Jobs, JobState
from asyncmig.backfill.run_job import JobRun
from asyncmig.backfill.table_facts import read_estimate
from asyncmig.bookkeeping.backfill_rows import read_backfills
from asyncmig.errors import BackfillError
from asyncmig.events import BackfillFinished

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.backfill.jobs import Job
    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.backfill.revision_functions import RevisionFunctions
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["run_backfill_phase"]


async def run_backfill_phase(
    session: Session,
    tables: BackfillTables,
    options: BackfillOptions,
    emit: Callable[[Event], None],
    *,
    revision: str,
    definition: Backfill,
    functions: RevisionFunctions,
    user_throttle: Callable[[], Awaitable[object] | object] | None = None,
) -> None:
    """Run the phase of a backfill; its job is recorded already.

    Raises:
        BackfillError: the job failed or was cancelled, its name belongs to another revision, or a gate found
            that too much is left.
    """
    jobs = Jobs(session, tables)
    job = await jobs.read(definition.name) if await jobs.exist() else None
    run = JobRun(session, tables, options, emit, functions, user_throttle=user_throttle)
    if definition.kind == "gate":
        await _pass_gate(session, jobs, run, job, definition)
        return
    if job is None or job.revision != revision:
        owner = "no revision" if job is None else f"revision {job.revision}"
        raise BackfillError(
            f"backfill {definition.name} of revision {revision} cannot start: {owner} has a backfill"
            f" of that name",
            hint="a name is used once in a database: give another one with name=",
            backfill=definition.name,
        )
    if job.deferred:
        emit(
            BackfillFinished(
                revision=revision,
                backfill=job.name,
                state=str(job.state),
                rows=0,
                failed=0,
                elapsed=0.0,
                note=None,
            )
        )
        return
    ended = job if job.state is JobState.DONE else await _run(run, job)
    if ended.state is JobState.CANCELLED:
        raise _cancelled(ended)


async def _run(run: JobRun, job: Job) -> Job:
    if job.state is JobState.CANCELLED:
        raise _cancelled(job)
    return await run.run(job)


def _cancelled(job: Job) -> BackfillError:
    return BackfillError(
        f"backfill {job.name} of revision {job.revision} was cancelled"
        + (f": {job.reason}" if job.reason else ""),
        hint=f"`asyncmig backfill resume {job.name}` and the same command again continue it",
        backfill=job.name,
        state="cancelled",
    )


async def _pass_gate(
    session: Session, jobs: Jobs, run: JobRun, job: Job | None, definition: Backfill
) -> None:
    """Finish a small rest of a job; refuse where much is left.

    Raises:
        BackfillError: it is not done.
    """
    name = definition.name
    if job is None:
        raise BackfillError(
            f"the backfill {name} is required, and this database has no backfill of that name",
            hint="correct the name, or upgrade through the revision that has it",
            backfill=name,
        )
    if job.state is JobState.DONE:
        return
    if job.state is JobState.CANCELLED:
        raise _cancelled(job)
    figures = await jobs.progress(job)
    total = job.total
    if total is None:
        total = await read_estimate(session, f"SELECT FROM {job.definition.table_name}")
    left = max(0, total - figures.scanned)
    if left > (definition.allowance or 0) or job.state is JobState.PAUSED:
        (info,) = await read_backfills(session, jobs.tables, name=name)
        raise BackfillError(
            f"the backfill {name} is required, and it is {info.state}: {figures.rows} rows are changed,"
            f" about {left} of {total} are left",
            hint=f"`asyncmig backfill run {name}` finishes it; then run the same command again",
            backfill=name,
            state=info.state,
            rows=figures.rows,
            remaining=left,
        )
    ended = await run.run(job)
    if ended.state is JobState.CANCELLED:
        raise _cancelled(ended)
