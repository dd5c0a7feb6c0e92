"""Methods of ``Migrator`` that read the database; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from warnings import warn

import anyio

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.database.concurrency import import_in_thread
from asyncmig.migrator.base import MigratorBase
from asyncmig.project import fan_out
from asyncmig.results import combining

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from asyncmig.project.project import Project
    from asyncmig.results import (
        CheckResult,
        CurrentState,
        JournalEntry,
        PredictedLock,
        RevisionCheck,
        Status,
    )

__all__ = ["DatabaseMethods"]


class DatabaseMethods(MigratorBase):
    """Reading the database: ``current``, ``status``, ``journal``, ``check`` and others."""

    async def current(self) -> CurrentState:
        """The current revisions of the database: the rows of the version table.

        Raises:
            DatabaseError: there is no connection, or SELECT is not granted.
            RevisionError: the script directory cannot be read.

        Example::

            (await migrator.current()).heads  # ("ae1027a6acf",)
        """
        return combining.combined_current(
            await fan_out.query_each(
                self._project,
                fan_out.current_state,
                EnvRequest(command="current", reading=True),
            )
        )

    async def status(self, *, scripts: bool = False) -> Status:
        """Compare the database with the code; one query, for health endpoints.

        Args:
            scripts: also report in ``edited`` which applied scripts were changed since, which reads them all,
                and in ``inserted`` which revisions were put below an applied one and never run.

        Raises:
            DatabaseError, RevisionError: as ``current``.

        Example::

            healthy = (await migrator.status()).ok
        """

        async def query(project: Project) -> Status:
            return await fan_out.status_of(project, scripts=scripts)

        request = EnvRequest(command="status", reading=True)
        return combining.combined_status(await fan_out.query_each(self._project, query, request))

    async def wait_until_current(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the contract's name, and an outcome of its own
    ) -> Status:
        """Wait until another process has migrated the database.

        Args:
            timeout: seconds; None waits forever.

        Raises:
            NotCurrentError: revisions are still pending after ``timeout``.
            DatabaseError, RevisionError: as ``current``.

        Example::

            await migrator.wait_until_current(timeout=60)
        """
        end = None if timeout is None else anyio.current_time() + timeout

        async def wait(project: Project) -> Status:
            left = None if end is None else max(0.0, end - anyio.current_time())
            return await fan_out.wait_for(project, left)

        request = EnvRequest(command="status", reading=True)
        found = await fan_out.call_each(self._project, wait, request)
        return combining.combined_status(fan_out.required(found))

    async def journal(
        self,
        limit: int | None = None,
        *,
        revision: str | None = None,
        direction: str | None = None,
        state: str | None = None,
        since: datetime | str | None = None,
        tag: str | None = None,
        run: str | None = None,
    ) -> tuple[JournalEntry, ...]:
        """The entries of the journal, newest first, that match every condition given.

        Args:
            limit: at most this many.
            revision: an id or its beginning.
            direction: ``upgrade``, ``downgrade`` or ``stamp``.
            state: ``done``, ``started``, ``failed``, ``caught``, ``refused``, ``resolved`` or
                ``forgotten``.
            since: began at this time or later; ISO 8601 as text, in local time without a zone.
            tag: the label of the run.
            run: the id of the run or its beginning.

        Raises:
            TargetError: a condition that no entry can match.
            DatabaseError: as ``current``.

        Example::

            failures = await migrator.journal(state="failed", since="2026-11-01")
        """
        await import_in_thread("asyncmig.bookkeeping.queries")
        from asyncmig.bookkeeping.queries import LogFilter, parse_timestamp

        wanted = LogFilter(
            revision=revision,
            direction=direction,
            state=state,
            since=parse_timestamp(since),
            tag=tag,
            run=run,
            limit=limit,
        )
        request = EnvRequest(command="log", reading=True)
        return await fan_out.journal_of_each(self._project, wanted, request)

    async def predicted_locks(self, entries: Sequence[JournalEntry]) -> Mapping[int, PredictedLock]:
        """The strongest lock that the table of facts predicts for entries of the journal.

        The phases are planned from the scripts of today; an entry has no prediction where its script is
        gone, was changed, or reads from the database.

        Args:
            entries: from ``journal``.

        Returns:
            The predictions by the id of the entry, for a single database.

        Raises:
            ConfigError: there are several databases.
            RevisionError: the script directory cannot be read.

        Example::

            predicted = await migrator.predicted_locks(await migrator.journal(20))
        """
        await import_in_thread("asyncmig.project.predicted_locks")
        from asyncmig.project.predicted_locks import predicted_locks

        project = await self._project.single_database("a prediction of locks")
        return await predicted_locks(project, entries)

    async def check(self) -> CheckResult:
        """Compare the database with the models.

        PostgreSQL prints both: the models are built in scratch schemas of the same database, in a
        transaction that is rolled back. No table is locked, and nothing is left behind.

        Raises:
            NotCurrentError: revisions are pending; the models are compared with the head.
            ConfigError: there are no models, or a foreign key refers to a missing table.
            RefusedModelsError: PostgreSQL or SQLAlchemy refuses objects of the models; it has the list of
                them, and the differences of the others.
            DatabaseError: a privilege is missing.

        Example::

            found = await migrator.check()
            assert found.ok, str(found)  # the message lists the differences
        """

        async def compare(project: Project) -> CheckResult:
            return await (await project.autogenerate()).check()

        request = EnvRequest(command="check", revision="head", reading=True)
        return combining.combined_check(await fan_out.query_each(self._project, compare, request))

    async def check_revision(self, target: str) -> RevisionCheck:
        """Check that the database is at a revision: its rows are exactly those of the target.

        Args:
            target: an id or its beginning, ``head``, ``heads``, ``base``, ``label@head`` ...

        Raises:
            RevisionError: the target names no revision, or several.
            DatabaseError: as ``current``.

        Example::

            (await migrator.check_revision("ae1027a6acf")).ok
        """

        async def compare(project: Project) -> RevisionCheck:
            return await fan_out.revision_check(project, target)

        request = EnvRequest(command="current", revision=target, reading=True)
        found = await fan_out.query_each(self._project, compare, request)
        return combining.combined_revision_check(found)

    async def check_at(self, target: str) -> RevisionCheck:
        """Former name of ``check_revision``."""
        warn("check_at is named check_revision now", DeprecationWarning, stacklevel=2)
        return await self.check_revision(target)

    async def log(self, limit: int | None = None, **conditions: Any) -> tuple[JournalEntry, ...]:
        """Former name of ``journal``."""
        warn("log is named journal now", DeprecationWarning, stacklevel=2)
        return await self.journal(limit, **conditions)
