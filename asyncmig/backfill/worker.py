"""One worker: it takes ranges of a job, and runs their batches until no range is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.backfill.batch_run import BatchRun
from asyncmig.backfill.batches.row_function import RowFunctionError
from asyncmig.backfill.batches.size import BatchSize
from asyncmig.backfill.batches.sql import pass_over, split_query
from asyncmig.backfill.jobs import Jobs, JobState
from asyncmig.backfill.passes import end_of_pass
from asyncmig.backfill.table_facts import check_same_table, read_batch_table, read_table
from asyncmig.backfill.throttle import INTERVAL
from asyncmig.database.server_errors import TRANSIENT_STATES, sqlstate_of
from asyncmig.errors import BackfillError

if TYPE_CHECKING:
    from asyncmig.backfill.batch_run import BatchOutcome
    from asyncmig.backfill.batches.keys import BatchTable, Range
    from asyncmig.backfill.batches.row_function import RowFunction
    from asyncmig.backfill.concurrent_writers import ConcurrentWriters
    from asyncmig.backfill.jobs import Job
    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.backfill.report import BackfillReport
    from asyncmig.backfill.throttle import Throttle
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["POLL", "Worker"]

POLL = 0.25
"""Seconds between two looks at a job that is paused, or at ranges that other workers have."""

CONFLICTS_BEFORE_LOCKS = 3
"""Batches in a row whose rows were changed while the function worked; the next one locks its rows."""

LOCK_TIMEOUT = "55P03"
CANCELLED_STATEMENT = "57014"

_OF_ROWS = ("21", "22", "23", "27", "44", "P0")
"""Classes of SQLSTATEs that depend on the rows: bad values, violated constraints, errors of triggers."""


class Worker:
    """A worker of a job over one session.

    Args:
        session: its connection.
        tables: of the jobs.
        job: as it was started; its table is known.
        function: of a backfill that has one.
        options: the limits.
        report: takes what is done.
        throttle: decides about pauses.
        writers: of other sessions; the workers of a process share what they see.
    """

    def __init__(
        self,
        session: Session,
        tables: BackfillTables,
        job: Job,
        function: RowFunction | None,
        options: BackfillOptions,
        report: BackfillReport,
        throttle: Throttle,
        writers: ConcurrentWriters,
    ) -> None:
        self._writers = writers
        self._throttle = throttle
        self._session = session
        self._jobs = Jobs(session, tables)
        self._tables = tables
        self._job = job
        self._options = options
        self._report = report
        self._batches = BatchRun(session, tables, function)
        self._transient_failures = 0
        self._conflicts = 0

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
                if await self._is_running() and await self._table_of(part) is not None:
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

    async def _is_running(self) -> bool:
        return (await self._read_job()).state in {JobState.RUNNING, JobState.WAITING}

    async def _table_of(self, part: Range) -> BatchTable | None:
        """What the batches of a range change; None where its partition is gone."""
        job = self._job
        if job.table_oid is None:
            return None
        table = await read_batch_table(self._session, job.definition, job.table_oid, part.relation)
        if table is None:
            await check_same_table(self._session, job.definition, job.table_oid)
            await self._jobs.give_up(part)
        return table

    # batches

    async def _run_range(self, part: Range) -> None:
        """Run the batches of a range until it is done, or the job does not run any more."""
        options = self._options
        first = part.size or self._job.definition.batch_size or options.batch_size
        size = BatchSize(rows=first, target=options.batch_time, largest=options.largest_batch)
        table = await self._table_of(part)
        current: Range | None = part
        while current is not None and table is not None:
            if not await self._wait_for_throttle():
                return
            try:
                locked = self._conflicts >= CONFLICTS_BEFORE_LOCKS
                outcome = await self._batches.run(table, current, size.rows, locked=locked)
                if outcome is not None:
                    await self._take(outcome, table, size)
            except asyncpg.PostgresError as error:
                await self._judge(error, table, current, size)
                outcome = None
            except RowFunctionError as error:
                await self._search_row(error, None, table, current, size)
                outcome = None
            await self._report.progress(self._jobs, self._job, size.rows)
            if outcome is None:
                if not await self._is_running():
                    return
                if self._job.table_oid is not None:
                    await check_same_table(self._session, self._job.definition, self._job.table_oid)
                table = await self._table_of(current)
            current = await self._jobs.read_range(part.id)

    async def _take(self, outcome: BatchOutcome, table: BatchTable, size: BatchSize) -> None:
        """A batch is committed: decide about the next one."""
        job = self._job
        if outcome.conflict:
            self._conflicts += 1
            size.blocked()
            self._report.waits("rows were changed while the function worked: they are read again")
        else:
            self._conflicts = 0
            size.finished(self._batches.scanned, outcome.elapsed)
        self._transient_failures = 0
        if table.key.is_ctid and outcome.unchanged and job.definition.kind == "update":
            raise BackfillError(
                f"backfill {job.name}: the condition is still true for {outcome.unchanged} rows after they"
                ' were changed, so that by="ctid" would change them again',
                hint="write a where= that is false for a row that is changed; the rows of this batch are"
                " changed, and no row is changed twice",
                backfill=job.name,
                state="failed",
            )
        if outcome.waiting:
            size.blocked()
            self._report.waits(f"{outcome.waiting} sessions waited for its rows: smaller batches")
            await anyio.sleep(self._options.batch_time)
        await self._make_room(outcome, size)

    async def _make_room(self, outcome: BatchOutcome, size: BatchSize) -> None:
        """Take less of the time while other sessions write."""
        writers = self._writers
        if writers.note(outcome.writers):
            reason = writers.reason if writers.are_active else None
            await self._jobs.set_reason(self._job, reason)
            if reason is not None:
                self._report.waits(reason)
        size.aim(writers.batch_time)
        if self._batches.bound is not None:  # the range has more rows
            await anyio.sleep(writers.pause_after(outcome.elapsed))

    async def _wait_for_throttle(self) -> bool:
        """Make a pause where the next batch has to wait.

        Returns:
            False where the job does not run any more.
        """
        waited = False
        while (reason := await self._throttle.reason()) is not None:
            waited = True
            await self._jobs.set_waiting(self._job, reason)
            self._report.waits(reason)
            await anyio.sleep(INTERVAL)
            if not await self._is_running():
                return False
        if waited:
            await self._jobs.set_waiting(self._job, None)
        return True

    async def _judge(
        self, error: asyncpg.PostgresError, table: BatchTable, part: Range, size: BatchSize
    ) -> None:
        """Decide what follows a batch that the server refused; raise what nothing follows."""
        state = sqlstate_of(error) or ""
        if state in TRANSIENT_STATES or state == CANCELLED_STATEMENT:
            if self._transient_failures >= self._options.retry_policy.retries:
                raise error
            if state in {LOCK_TIMEOUT, CANCELLED_STATEMENT} and size.timed_out():
                await self._split((part,))
            await self._pause(f"a batch is tried again: {error}")
        elif state.startswith(_OF_ROWS):
            await self._search_row(error, state, table, part, size)
        elif await self._table_of(part) is not None:
            raise error

    async def _pause(self, reason: str) -> None:
        """Wait before a batch is run again.

        Raises:
            BackfillError: it was tried as often as the settings allow.
        """
        policy, job = self._options.retry_policy, self._job
        self._transient_failures += 1
        if self._transient_failures > policy.retries:
            raise BackfillError(
                f"backfill {job.name}: {reason}, {self._transient_failures} times in a row",
                hint="run the same command again, or raise lock_retries",
                backfill=job.name,
                state="failed",
            )
        self._report.waits(reason)
        await anyio.sleep(policy.pause(self._transient_failures))

    async def _search_row(
        self, error: Exception, state: str | None, table: BatchTable, part: Range, size: BatchSize
    ) -> None:
        """Halve the batch until the row is found that the server, or the function, refuses."""
        job, bound, scanned = self._job, self._batches.bound, self._batches.scanned
        if scanned > 1:
            size.search(scanned)
            return
        if bound is None or job.definition.on_error == "stop":
            names = [column.name for column in table.key.columns]
            pairs = zip(names, bound or (), strict=False)
            row = ", ".join(f"{name} = {value}" for name, value in pairs)
            what = (
                f"the server refused the row {row} of {table.name}: {error}"
                if state is not None
                else f"for the row {row} of {table.name}, {error}"
            )
            raise BackfillError(
                f"backfill {job.name}: {what}",
                hint="repair the row or the expression and run the same command again, which continues "
                'with this row; on_error="record" keeps the keys of such rows and passes over them',
                backfill=job.name,
                key=bound or (),
                sqlstate=state,
                state="failed",
            ) from error
        await self._session.fetch(
            pass_over(
                self._tables,
                table,
                part,
                job=job.id,
                bound=bound,
                sqlstate=state,
                error=str(error),
            )
        )
        size.end_search()

    # ranges

    async def _split(self, parts: tuple[Range, ...]) -> bool:
        """Divide a range on which another worker is at work, so that this one has work, too."""
        percent = min(100.0, 2_000_000 / max(self._job.total or 0, 1))
        for part in parts:
            table = await self._table_of(part)
            if table is None:
                continue
            rows = await self._session.fetch(split_query(table, part, percent=percent))
            smallest = 2 * (part.size or self._options.batch_size) * percent / 100
            if not rows or rows[0]["sampled"] < max(2, smallest):
                continue
            if await self._jobs.split(table.key, part, tuple(rows[0]["middle"])):
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
        ranges = (await read_table(self._session, job.definition)).first_ranges if again else ()
        await self._jobs.end_pass(job, ranges, reason=reason)

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
