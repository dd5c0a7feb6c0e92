"""Methods of ``Migrator`` about backfills."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.migrator.base import MigratorBase
from asyncmig.project import fan_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.backfill.runner import BackfillRunner
    from asyncmig.project.project import Project
    from asyncmig.results import BackfillEstimate, BackfillInfo

    T = TypeVar("T", BackfillInfo, BackfillEstimate)

__all__ = ["BackfillMethods"]

_REQUEST = EnvRequest(command="backfill", reading=True)


class BackfillMethods(MigratorBase):
    """Backfills: ``backfills``, ``run_backfills``, ``pause_backfill`` and others."""

    async def backfills(self, name: str | None = None) -> tuple[BackfillInfo, ...]:
        """The backfills of the database, with their figures.

        Args:
            name: only this one, with the rows that the server refused.

        Raises:
            BackfillError: there is none of that name.
            DatabaseError: there is no connection, or SELECT is not granted.

        Example::

            [job.name for job in await migrator.backfills() if job.is_open]
        """
        return await self._each(lambda jobs: jobs.read(name, failures=name is not None))

    async def run_backfills(
        self, *names: str, workers: int = 1, until_done: bool = False
    ) -> tuple[BackfillInfo, ...]:
        """Run deferred backfills, and those that an interrupted run has left.

        Each batch is committed together with its position. Several processes may run the same job at the
        same time: they divide its rows, and each row is changed once.

        Args:
            *names: which; none means all that are pending or running.
            workers: how many connections work on a job at the same time.
            until_done: wait for jobs that are paused, too.

        Raises:
            BackfillError: a job failed; the batches before are committed.
            DatabaseError: as ``backfills``.

        Example::

            await migrator.run_backfills("email_lower", workers=2)
        """
        return await self._each(
            lambda jobs: jobs.run(*names, workers=workers, until_done=until_done)
        )

    async def estimate_backfills(self, *names: str) -> tuple[BackfillEstimate, ...]:
        """What backfills would do, by the estimates of PostgreSQL; nothing is changed.

        Raises:
            BackfillError: there is none of that name, or its table has no key.
            DatabaseError: as ``backfills``.

        Example::

            rows = (await migrator.estimate_backfills("email_lower"))[0].left
        """
        return await self._each(lambda jobs: jobs.estimate(*names))

    async def pause_backfill(self, name: str) -> BackfillInfo:
        """Let no further batch of a backfill begin; the one that runs is committed.

        Raises:
            BackfillError: there is none of that name, or it has ended.
            DatabaseError: as ``backfills``.

        Example::

            await migrator.pause_backfill("email_lower")
        """
        return await self._one(lambda jobs: jobs.pause(name), f"pause {name}")

    async def resume_backfill(self, name: str) -> BackfillInfo:
        """Let a backfill run again that is paused, cancelled or failed.

        A process that waits for it continues; else ``run_backfills`` or ``upgrade`` runs it.

        Raises:
            BackfillError: there is none of that name, or it is in another state.
            DatabaseError: as ``backfills``.

        Example::

            await migrator.resume_backfill("email_lower")
        """
        return await self._one(lambda jobs: jobs.resume(name), f"resume {name}")

    async def cancel_backfill(self, name: str) -> BackfillInfo:
        """End a backfill. What is committed stays.

        Raises:
            BackfillError: there is none of that name, or it has ended.
            DatabaseError: as ``backfills``.

        Example::

            await migrator.cancel_backfill("email_lower")
        """
        return await self._one(lambda jobs: jobs.cancel(name), f"cancel {name}")

    async def serve_backfills(self) -> None:
        """Run backfills as they become due, until the task is cancelled; errors are logged.

        For the background of a service: ``asyncmig.lifespan(migrator, backfills=True)``. Of several
        processes, one at a time works on a backfill.

        Raises:
            ConfigError: the project has several databases.

        Example::

            async with anyio.create_task_group() as group:
                group.start_soon(migrator.serve_backfills)
        """

        async def serve(project: Project) -> None:
            await (await project.backfills()).serve()

        await fan_out.call_one(self._project, serve, _REQUEST, "serve_backfills")

    async def _each(
        self, call: Callable[[BackfillRunner], Awaitable[tuple[T, ...]]]
    ) -> tuple[T, ...]:
        async def run(project: Project) -> tuple[T, ...]:
            found = await call(await project.backfills())
            return tuple(replace(one, database=project.name) for one in found)

        found = await fan_out.call_each(self._project, run, _REQUEST)
        return tuple(one for several in found.values() for one in several)

    async def _one(
        self, call: Callable[[BackfillRunner], Awaitable[BackfillInfo]], doing: str
    ) -> BackfillInfo:
        async def run(project: Project) -> BackfillInfo:
            return await call(await project.backfills())

        return await fan_out.call_one(self._project, run, _REQUEST, doing)
