"""One worker: it takes ranges of a job, and runs their batches until no range is left."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.backfill.batch_size import BatchSize
from asyncmig.backfill.batch_sql import batch, bound_query, pass_over, split_query, tail_query
from asyncmig.backfill.jobs import Jobs, JobState
from asyncmig.backfill.passes import end_of_pass
from asyncmig.backfill.table_facts import check_same_table
from asyncmig.backfill.throttle import INTERVAL
from asyncmig.database.server_errors import TRANSIENT_STATES, sqlstate_of
from asyncmig.errors import BackfillError

if TYPE_CHECKING:
    from asyncmig.backfill.jobs import Job, Range
    from asyncmig.backfill.keys import Position
    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.backfill.report import BackfillReport
    from asyncmig.backfill.table_facts import TableFacts
    from asyncmig.backfill.throttle import Throttle
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["POLL", "Worker"]

POLL = 0.25
"""Seconds between two looks at a job that is paused, or at ranges that other workers have."""

LOCK_TIMEOUT = "55P03"
CANCELLED_STATEMENT = "57014"

_OF_ROWS = ("21", "22", "23", "27", "44", "P0")
"""Classes of SQLSTATEs that depend on the rows: bad values, violated constraints, errors of triggers."""


class Worker:
    """A worker of a job over one session.

    Args:
        session: its connection.
        tables: of the jobs.
        job: as it was started.
        facts: of its table.
        options: the limits.
        report: takes what is done.
        throttle: decides about pauses.
    """

    def __init__(
        self,
        session: Session,
        tables: BackfillTables,
        job: Job,
        facts: TableFacts,
        options: BackfillOptions,
        report: BackfillReport,
        throttle: Throttle,
    ) -> None:
        self._throttle = throttle
        self._session = session
        self._jobs = Jobs(session, tables)
        self._tables = tables
        self._job = job
        self._facts = facts
        self._options = options
        self._report = report
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._rate: float | None = None
        self._transient_failures = 0
        self._scanned = 0
        self._bound: Position | None = None

    async def run(self) -> JobState:
        """Work until the job ends.

        Returns:
            Its state: done or cancelled.

        Raises:
            BackfillError: it has failed, here or in another worker.
        """
        async with self._session.settings(self._options.session_settings()):
            while True:
                job = await self._read_job()
                match job.state:
                    case JobState.DONE | JobState.CANCELLED:
                        return job.state
                    case JobState.PAUSED:
                        self._report.waits("it is paused: `asyncmig backfill resume` continues it")
                        await anyio.sleep(POLL)
                    case JobState.FAILED:
                        raise BackfillError(
                            f"backfill {job.name} failed: {job.error}",
                            hint=f"repair the cause, then `asyncmig backfill run {job.name}`",
                            backfill=job.name,
                            state="failed",
                        )
                    case _:
                        await self._work(job)

    async def _read_job(self) -> Job:
        job = await self._jobs.read(self._job.name)
        if job is None:
            raise BackfillError(
                f"backfill {self._job.name} has no row in {self._tables.jobs} any more",
                hint="the row was deleted; run `asyncmig upgrade` again",
                backfill=self._job.name,
            )
        self._job = job
        return job

    async def _work(self, job: Job) -> None:
        part = await self._jobs.claim(job)
        if part is not None:
            try:
                await self._run_range(part)
            except asyncpg.PostgresError as error:
                # a downgrade pauses the job before it drops what the batch uses
                if (await self._read_job()).state in {JobState.RUNNING, JobState.WAITING}:
                    raise await self._failed(error) from error
            finally:
                await self._jobs.release(part.id)
            return
        parts = await self._jobs.open_ranges(job)
        if not parts:
            await self._end_pass(job)
        elif not await self._split(parts):
            await self._report.progress(self._jobs, job, 0)
            await anyio.sleep(POLL)

    # batches

    async def _run_range(self, part: Range) -> None:
        """Run the batches of a range until it is done, or the job does not run any more."""
        options = self._options
        first = part.size or self._job.definition.batch_size or options.batch_size
        size = BatchSize(rows=first, target=options.batch_time, largest=options.largest_batch)
        current: Range | None = part
        while current is not None:
            if not await self._wait_for_throttle():
                return
            try:
                moved = await self._run_batch(current, size)
            except asyncpg.PostgresError as error:
                await self._judge(error, current, size)
                moved = False
            else:
                self._transient_failures = 0
            await self._report.progress(self._jobs, self._job, size.rows)
            if not moved:
                job = await self._read_job()
                if job.state not in {JobState.RUNNING, JobState.WAITING}:
                    return
                if job.table_oid is not None:
                    await check_same_table(self._session, job.definition, job.table_oid)
            current = await self._jobs.read_range(part.id)

    async def _run_batch(self, part: Range, size: BatchSize) -> bool:
        """Run one batch.

        Returns:
            False where the range has changed, or the job does not run.
        """
        definition, key = self._job.definition, self._facts.key
        scanned = size.rows
        found = await self._session.fetch(
            bound_query(definition, key, part.cursor, part.upper, scanned)
        )
        bound = tuple(found[0]["bound"]) if found else None
        if bound is None:
            rest = tail_query(definition, key, part.cursor, part.upper, scanned)
            scanned = (await self._session.fetch(rest))[0]["scanned"]
        self._scanned, self._bound = scanned, bound
        began = time.monotonic()
        done = await self._session.fetch(
            batch(
                self._tables,
                definition,
                key,
                range_id=part.id,
                generation=part.generation,
                cursor=part.cursor,
                bound=bound,
                upper=part.upper,
                scanned=scanned,
                size=size.rows,
                rate=self._rate,
                worker=self._name,
            )
        )
        elapsed = time.monotonic() - began
        if not done:
            return False
        size.finished(scanned, elapsed)
        self._rate = scanned / max(elapsed, 0.001)
        if done[0]["waiting"]:
            size.blocked()
            self._report.waits(
                f"{done[0]['waiting']} sessions waited for its rows: smaller batches"
            )
            await anyio.sleep(self._options.batch_time)
        return True

    async def _wait_for_throttle(self) -> bool:
        """Make a pause where the next batch has to wait.

        Returns:
            False where the job does not run any more.
        """
        waited = False
        while (reason := await self._throttle.reason()) is not None:
            waited = True
            self._report.waits(reason)
            await self._jobs.set_waiting(self._job, reason)
            await anyio.sleep(INTERVAL)
            if (await self._read_job()).state not in {JobState.RUNNING, JobState.WAITING}:
                return False
        if waited:
            await self._jobs.set_waiting(self._job, None)
        return True

    async def _judge(self, error: asyncpg.PostgresError, part: Range, size: BatchSize) -> None:
        """Decide what follows a batch that the server refused; raise what nothing follows."""
        state = sqlstate_of(error) or ""
        if state in TRANSIENT_STATES or state == CANCELLED_STATEMENT:
            await self._pause_after(error, state, part, size)
        elif state.startswith(_OF_ROWS):
            await self._search_row(error, state, part, size)
        else:
            raise error

    async def _pause_after(
        self, error: asyncpg.PostgresError, state: str, part: Range, size: BatchSize
    ) -> None:
        """Wait before a batch is run again that failed on a lock, a deadlock or a timeout."""
        policy = self._options.retry_policy
        self._transient_failures += 1
        if self._transient_failures > policy.retries:
            raise error
        if state in {LOCK_TIMEOUT, CANCELLED_STATEMENT} and size.timed_out():
            await self._split((part,))
        self._report.waits(f"a batch is tried again: {error}")
        await anyio.sleep(policy.pause(self._transient_failures))

    async def _search_row(
        self, error: asyncpg.PostgresError, state: str, part: Range, size: BatchSize
    ) -> None:
        """Halve the batch until the row is found that the server refuses."""
        if self._scanned > 1:
            size.search(self._scanned)
            return
        definition = self._job.definition
        if self._bound is None or definition.on_error == "stop":
            key = self._bound or ()
            raise BackfillError(
                f"backfill {self._job.name}: the server refused the row"
                f" {self._shown(key)} of {definition.table_name}: {error}",
                hint="repair the row or the expression and run the same command again, which continues "
                'with this row; on_error="record" keeps the keys of such rows and passes over them',
                backfill=self._job.name,
                key=key,
                sqlstate=state,
                state="failed",
            ) from error
        await self._session.fetch(
            pass_over(
                self._tables,
                definition,
                job=self._job.id,
                range_id=part.id,
                generation=part.generation,
                bound=self._bound,
                sqlstate=state,
                error=str(error),
            )
        )
        size.end_search()

    def _shown(self, key: tuple[str, ...]) -> str:
        names = [column.name for column in self._facts.key.columns]
        return ", ".join(f"{name} = {value}" for name, value in zip(names, key, strict=False))

    # ranges

    async def _split(self, parts: tuple[Range, ...]) -> bool:
        """Divide a range on which another worker is at work, so that this one has work, too."""
        for part in parts:
            total = max(self._job.total or 0, 1)
            percent = min(100.0, 2_000_000 / total)
            rows = await self._session.fetch(
                split_query(
                    self._job.definition,
                    self._facts.key,
                    part.cursor,
                    part.upper,
                    percent=percent,
                )
            )
            smallest = 2 * (part.size or self._options.batch_size) * percent / 100
            if not rows or rows[0]["sampled"] < max(2, smallest):
                continue
            if await self._jobs.split(self._facts.key, part, tuple(rows[0]["middle"])):
                return True
        return False

    async def _end_pass(self, job: Job) -> None:
        """Look whether rows are left; then the job is done, or the table is read once more."""
        figures = await self._jobs.progress(job)
        left = False
        if job.definition.is_verifiable:
            async with self._session.settings({"statement_timeout": "0"}):
                query = f"SELECT EXISTS ({job.definition.remaining}) AS found"
                left = bool((await self._session.fetch(query))[0]["found"])
        reason, again = end_of_pass(
            left=left, unchanged=figures.unchanged, failed=figures.failed, number=job.pass_number
        )
        await self._jobs.end_pass(job, again=again, reason=reason)

    # errors

    async def _failed(self, error: asyncpg.PostgresError) -> BackfillError:
        job = self._job
        if job.table_oid is not None and not self._session.closed:
            await check_same_table(self._session, job.definition, job.table_oid)
        return BackfillError(
            f"backfill {job.name} failed: {error}",
            hint="the batches before are committed; correct the cause and run the same command again",
            backfill=job.name,
            sqlstate=sqlstate_of(error),
            state="failed",
        )
