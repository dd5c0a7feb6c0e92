"""A job from its first batch to its end: the table is looked up, workers run, the end is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from asyncmig.backfill.concurrent_writers import ConcurrentWriters
from asyncmig.backfill.jobs import Job, Jobs, JobState
from asyncmig.backfill.report import BackfillReport
from asyncmig.backfill.table_facts import check_same_table, read_estimate, read_table
from asyncmig.backfill.throttle import Throttle
from asyncmig.backfill.worker import Worker
from asyncmig.errors import AsyncmigError, BackfillError, ConnectionLostError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.backfill.revision_functions import RevisionFunctions
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session
    from asyncmig.events import Event

__all__ = ["JobRun"]


class JobRun:
    """Runs jobs.

    Args:
        session: of the first worker.
        tables: of the jobs.
        options: the limits.
        emit: called with each event.
        functions: finds the functions of revisions.
        further: each opens the session of one more worker.
        user_throttle: the function of the user's hooks.
    """

    def __init__(
        self,
        session: Session,
        tables: BackfillTables,
        options: BackfillOptions,
        emit: Callable[[Event], None],
        functions: RevisionFunctions,
        *,
        further: Sequence[Callable[[], AbstractAsyncContextManager[Session]]] = (),
        user_throttle: Callable[[], Awaitable[object] | object] | None = None,
    ) -> None:
        self._session = session
        self._tables = tables
        self._options = options
        self._emit = emit
        self._functions = functions
        self._further = further
        self._user_throttle = user_throttle
        self._jobs = Jobs(session, tables)

    async def run(self, job: Job) -> Job:
        """Run a job until it is done or cancelled.

        Returns:
            The job at its end.

        Raises:
            BackfillError: it has failed.
        """
        async with self._jobs.attended(job):
            try:
                return await self._run(job)
            except BackfillError as error:
                if error.state == JobState.FAILED and not self._session.closed:
                    await self._jobs.fail(job, str(error))
                    figures = await self._jobs.progress(job)
                    error.add_fields(rows=figures.rows)
                raise

    async def _run(self, job: Job) -> Job:
        definition = job.definition
        if job.table_oid is not None:
            await check_same_table(self._session, definition, job.table_oid)
        table = await read_table(self._session, definition)
        function = None
        if definition.function is not None:
            function = await self._functions.find(job)
        total = job.total
        if total is None:
            total = await read_estimate(self._session, f"SELECT FROM {definition.table_name}")
        await self._jobs.start(job, table, total)
        figures = await self._jobs.progress(job)
        report = BackfillReport(self._emit, job, figures, total)
        report.started()
        writers = ConcurrentWriters(self._options)

        async def work(session: Session) -> None:
            throttle = Throttle(session, table.oid, self._options, self._user_throttle)
            worker = Worker(
                session, self._tables, job, function, self._options, report, throttle, writers
            )
            await worker.run()

        await self._in_sessions(job, work)
        ended = await self._jobs.read(job.name) or job
        report.finished(ended, await self._jobs.progress(ended))
        return ended

    async def _in_sessions(self, job: Job, work: Callable[[Session], Awaitable[None]]) -> None:
        """Run a worker in the session of this run, and one in each further session."""
        failures: list[AsyncmigError] = []

        async def attempt(session: Session) -> None:
            try:
                await work(session)
            except AsyncmigError as error:
                failures.append(error)
                group.cancel_scope.cancel()

        async def open_and_attempt(
            open_session: Callable[[], AbstractAsyncContextManager[Session]],
        ) -> None:
            async with open_session() as session, Jobs(session, self._tables).attended(job):
                await attempt(session)

        async with anyio.create_task_group() as group:
            for open_session in self._further:
                group.start_soon(open_and_attempt, open_session)
            await attempt(self._session)
        if failures:
            raise next(
                (each for each in failures if not isinstance(each, ConnectionLostError)),
                failures[0],
            )
