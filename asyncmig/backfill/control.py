"""Jobs from another terminal: pause, resume, cancel, and what a job would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.backfill.batches.keys import Range
from asyncmig.backfill.batches.sql import bound_query, window
from asyncmig.backfill.jobs import Jobs, JobState
from asyncmig.backfill.table_facts import (
    FirstRange,
    read_batch_table,
    read_estimate,
    read_table,
)
from asyncmig.bookkeeping.backfill_rows import read_backfills
from asyncmig.errors import BackfillError
from asyncmig.results.backfills import BackfillEstimate

if TYPE_CHECKING:
    from asyncmig.backfill.jobs import Job
    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["JobControl"]

_CHANGE = """\
UPDATE {jobs} SET state = {state}, reason = $2, error = NULL,
    finished_at = CASE WHEN {state} = 'cancelled' THEN pg_catalog.clock_timestamp() END
WHERE id = $1 AND state = ANY ($3) RETURNING id"""


class JobControl:
    """Changes the states of jobs; a worker sees the change before its next batch.

    Args:
        session: any session.
        tables: where the jobs are.
    """

    def __init__(self, session: Session, tables: BackfillTables) -> None:
        self._session = session
        self._tables = tables
        self._jobs = Jobs(session, tables)

    async def find(self, name: str) -> Job:
        """The job of that name.

        Raises:
            BackfillError: there is none.
        """
        job = await self._jobs.read(name) if await self._jobs.exist() else None
        if job is None:
            raise BackfillError(
                f"there is no backfill {name!r} in this database",
                hint="`asyncmig backfill list` shows all of them",
                backfill=name,
            )
        return job

    async def pause(self, name: str) -> None:
        """Let no further batch of a job begin."""
        job = await self.find(name)
        await self._change(
            job,
            "'paused'",
            "paused by a person",
            (JobState.PENDING, JobState.RUNNING, JobState.WAITING, JobState.FAILED),
        )

    async def resume(self, name: str) -> None:
        """Let a job run again that is paused, cancelled or failed; a process has to run it."""
        job = await self.find(name)
        await self._change(
            job,
            "CASE WHEN started_at IS NULL THEN 'pending' ELSE 'running' END",
            None,
            (JobState.PAUSED, JobState.CANCELLED, JobState.FAILED),
        )

    async def cancel(self, name: str) -> None:
        """End a job; what is committed stays."""
        job = await self.find(name)
        open_states = [state for state in JobState if state not in {"done", "cancelled"}]
        await self._change(job, "'cancelled'", "cancelled by a person", tuple(open_states))

    async def _change(
        self, job: Job, state: str, reason: str | None, allowed: tuple[JobState, ...]
    ) -> None:
        query = _CHANGE.format(jobs=self._tables.jobs, state=state)
        if await self._session.fetch(query, job.id, reason, list(allowed)):
            return
        (info,) = await read_backfills(self._session, self._tables, name=job.name)
        hint = f"this is possible for one that is {', '.join(allowed)}"
        if info.state == "interrupted":
            hint = f"`asyncmig backfill run {job.name}` continues it"
        raise BackfillError(
            f"backfill {job.name} is {info.state}", hint=hint, backfill=job.name, state=info.state
        )

    async def estimate(self, name: str, options: BackfillOptions) -> BackfillEstimate:
        """What a job would do; nothing is changed."""
        job = await self.find(name)
        definition = job.definition
        facts = await read_table(self._session, definition)
        first = facts.first_ranges[0] if facts.first_ranges else FirstRange()
        table = await read_batch_table(self._session, definition, facts.oid, first.relation)
        total = await read_estimate(self._session, f"SELECT FROM {definition.table_name}")
        matching = await read_estimate(self._session, definition.remaining)
        figures = await self._jobs.progress(job)
        size = definition.batch_size or options.batch_size
        left = max(0, total - figures.scanned)
        sql = definition.statement()
        key: tuple[str, ...] = ()
        if table is not None:
            part = window(table, Range(id=0, upper=first.upper), size)
            found = await self._session.fetch(bound_query(table, part, min(size, max(total, 1))))
            bound = tuple(found[0]["bound"]) if found else part.upper
            sql = definition.statement(table.key.between(None, bound), table=table.sql)
            key = tuple(column.name for column in table.key.columns)
        plan = await self._session.fetch(f"EXPLAIN {sql}")
        rate = figures.rate
        return BackfillEstimate(
            name=job.name,
            table=definition.table_name,
            key=key,
            total=total,
            left=left,
            matching=matching,
            batch_size=size,
            batches=-(-left // size),
            seconds=left / rate if rate else None,
            sql=sql,
            explain="\n".join(row[0] for row in plan),
        )
