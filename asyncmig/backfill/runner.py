"""Running the jobs of a database: those that are named, all that are due, or as they come in a service."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from asyncmig.backfill.control import JobControl
from asyncmig.backfill.jobs import Jobs, JobState
from asyncmig.backfill.options import BackfillOptions
from asyncmig.backfill.revision_functions import RevisionFunctions
from asyncmig.backfill.run_job import JobRun
from asyncmig.backfill.throttle import load_user_throttle
from asyncmig.bookkeeping.backfill_rows import read_backfills, read_failures
from asyncmig.bookkeeping.state import read_state
from asyncmig.bookkeeping.tables import Bookkeeping
from asyncmig.database.connections import ConnectionDatabase
from asyncmig.database.session_settings import open_session
from asyncmig.errors import AsyncmigError, BackfillError, ConfigError
from asyncmig.telemetry.observe import observed_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from asyncmig.backfill.jobs import Job
    from asyncmig.backfill.revision_functions import Scripts
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.results.backfills import BackfillEstimate, BackfillInfo

__all__ = ["BackfillRunner"]

POLL = 1.0
SERVICE_INTERVAL = 30.0
"""Seconds between two looks of a service at the jobs."""

MOST_FAILURES = 1000

_DUE = (JobState.PENDING, JobState.RUNNING, JobState.WAITING)

_log = logging.getLogger("asyncmig.backfill")


class BackfillRunner:
    """The jobs of one database.

    Args:
        database: where sessions come from.
        settings: everything that was configured.
        emit: called with each event.
        scripts: the revisions.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        emit: Callable[[Event], None],
        scripts: Scripts,
    ) -> None:
        self._database = database
        self._settings = settings
        self._emit = emit
        self._options = BackfillOptions.of(settings)
        self._functions = RevisionFunctions(scripts)

    # reading and control

    async def read(
        self, name: str | None = None, *, failures: bool = False
    ) -> tuple[BackfillInfo, ...]:
        """The jobs, or one of them.

        Raises:
            BackfillError: there is none of that name.
        """
        async with self._connected() as (session, tables):
            if name is not None:
                await JobControl(session, tables).find(name)
            elif not await Jobs(session, tables).exist():
                return ()
            found = await read_backfills(session, tables, name=name)
            if failures:
                found = tuple(
                    [
                        replace(
                            one,
                            failures=await read_failures(session, tables, one.name, MOST_FAILURES),
                        )
                        for one in found
                    ]
                )
            return found

    async def pause(self, name: str) -> BackfillInfo:
        """Let no further batch of a job begin."""
        async with self._connected() as (session, tables):
            await JobControl(session, tables).pause(name)
            return (await read_backfills(session, tables, name=name))[0]

    async def resume(self, name: str) -> BackfillInfo:
        """Let a job run again that is paused, cancelled or failed."""
        async with self._connected() as (session, tables):
            await JobControl(session, tables).resume(name)
            return (await read_backfills(session, tables, name=name))[0]

    async def cancel(self, name: str) -> BackfillInfo:
        """End a job; what is committed stays."""
        async with self._connected() as (session, tables):
            await JobControl(session, tables).cancel(name)
            return (await read_backfills(session, tables, name=name))[0]

    async def estimate(self, *names: str) -> tuple[BackfillEstimate, ...]:
        """What the jobs would do; nothing is changed."""
        async with self._connected() as (session, tables):
            control = JobControl(session, tables)
            jobs = await self._wanted(session, tables, names)
            return tuple([await control.estimate(job.name, self._options) for job in jobs])

    # running

    async def run(
        self, *names: str, workers: int = 1, until_done: bool = False
    ) -> tuple[BackfillInfo, ...]:
        """Run the jobs of these names, or all that are due, one after the other.

        Args:
            names: of the jobs; none means all that are pending or running.
            workers: how many connections work on a job at the same time.
            until_done: wait for jobs that are paused, too.

        Returns:
            The jobs that were run, as they are now.

        Raises:
            BackfillError: a job failed. The others were run.
        """
        if workers > 1 and isinstance(self._database, ConnectionDatabase):
            raise ConfigError(
                "several workers need several connections, and the migrator was given one",
                hint="give the engine or the URL, or use one worker",
            )
        ran: dict[str, BackfillInfo] = {}
        failures: list[BackfillError] = []
        async with self._connected() as (session, tables):
            if session.caller_transaction:
                raise ConfigError(
                    "a backfill commits after each batch, and the connection is inside a transaction",
                    hint="give the engine or the URL, or a connection with no transaction open",
                )
            run = await self._job_run(session, tables, workers)
            while True:
                jobs = await self._wanted(session, tables, names)
                for job in jobs:
                    if job.state is JobState.PAUSED or job.name in ran:
                        continue
                    try:
                        with observed_run("backfill", {"asyncmig.backfill": job.name}):
                            await run.run(job)
                    except BackfillError as error:
                        failures.append(error)
                    ran[job.name] = (await read_backfills(session, tables, name=job.name))[0]
                paused = [job.name for job in jobs if job.state is JobState.PAUSED]
                if failures or not (until_done and paused):
                    break
                await anyio.sleep(POLL)
        if failures:
            raise failures[0]
        return tuple(ran.values())

    async def serve(self, interval: float = SERVICE_INTERVAL) -> None:
        """Run jobs as they become due, until it is cancelled; errors are logged.

        Of several processes, one at a time works on a job.
        """
        while True:
            try:
                await self._serve_once()
            except AsyncmigError as error:
                _log.warning("backfills: %s", error)
            await anyio.sleep(interval)

    async def _serve_once(self) -> None:
        async with self._connected() as (session, tables):
            jobs = Jobs(session, tables)
            if not await jobs.exist():
                return
            run = await self._job_run(session, tables, 1)
            for job in await jobs.read_all(*_DUE):
                async with jobs.alone(job) as is_alone:
                    if not is_alone:
                        continue
                    try:
                        with observed_run("backfill", {"asyncmig.backfill": job.name}):
                            await run.run(job)
                    except BackfillError as error:
                        _log.warning("%s", error)

    async def _job_run(self, session: Session, tables: BackfillTables, workers: int) -> JobRun:
        def open_further() -> AbstractAsyncContextManager[Session]:
            return open_session(self._database, self._settings)

        return JobRun(
            session,
            tables,
            self._options,
            self._emit,
            self._functions,
            further=[open_further] * (workers - 1),
            user_throttle=await load_user_throttle(self._settings),
        )

    async def _wanted(
        self, session: Session, tables: BackfillTables, names: Sequence[str]
    ) -> tuple[Job, ...]:
        """The jobs of these names, or all that are due or paused.

        Raises:
            BackfillError: there is none of that name, or it was cancelled.
        """
        jobs = Jobs(session, tables)
        if not names:
            if not await jobs.exist():
                return ()
            return await jobs.read_all(*_DUE, JobState.PAUSED)
        control = JobControl(session, tables)
        found = [await control.find(name) for name in names]
        for job in found:
            if job.state is JobState.CANCELLED:
                raise BackfillError(
                    f"backfill {job.name} was cancelled",
                    hint=f"`asyncmig backfill resume {job.name}` lets it run again",
                    backfill=job.name,
                    state="cancelled",
                )
        return tuple(job for job in found if job.state is not JobState.DONE)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[Session, BackfillTables]]:
        async with open_session(self._database, self._settings) as session:
            state = await read_state(session, self._settings, check_tables_first=True)
            yield session, Bookkeeping.of_run(self._settings, state.schema, None).backfills
