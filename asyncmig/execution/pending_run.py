"""The part of a run that only a database with pending revisions needs: scripts are loaded and executed.

Most of what asyncmig and SQLAlchemy import is imported for it, so the runner imports it when it has something
to run.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from asyncmig.bookkeeping.partial_revisions import check_not_blocked
from asyncmig.bookkeeping.rewrite_facts import needs_facts_column, read_rewriting
from asyncmig.bookkeeping.state import read_state
from asyncmig.bookkeeping.tables import Bookkeeping, setup_statements
from asyncmig.database.advisory_lock import lock_key
from asyncmig.database.lock_watch import LockWatch
from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.database.session import CLEANUP_SECONDS
from asyncmig.errors import UnexpectedStateError
from asyncmig.events import RunFinished, RunStarted
from asyncmig.execution.context import ExecutionContext
from asyncmig.execution.executor import Executor
from asyncmig.execution.progress import Progress
from asyncmig.execution.resume import read_resumes
from asyncmig.execution.server_notices import reporting_notices
from asyncmig.plan.moves import direction_of
from asyncmig.plan.run_script import check_written
from asyncmig.revisions.files.script import SqlScript
from asyncmig.revisions.graph.names import listed
from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.execution.resume import Resume
    from asyncmig.execution.script_source import ScriptSource
    from asyncmig.plan.model import Direction
    from asyncmig.plan.online.changes import OnlineChanges
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_request import RunRequest
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.results import RunResult
    from asyncmig.revisions.graph.moves import Move, StampMove

__all__ = ["PendingRun", "StepwiseRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRun:
    """A run that has something to execute.

    Attributes:
        session: the connection that migrates.
        database: where it comes from.
        settings: everything that was configured.
        emit: called with each event.
        source: where the revisions come from.
        planner: makes steps.
        tag: for the journal.
        is_last: no other run follows on the session.
    """

    session: Session
    database: Database
    settings: Settings
    emit: Callable[[Event], None]
    source: ScriptSource
    planner: Planner
    tag: str | None
    is_last: bool

    async def load_scripts(
        self, moves: Sequence[Move], direction: Direction
    ) -> Mapping[str, AnyScript]:
        """Load the scripts of moves, by revision id.

        Raises:
            ScriptError: a script cannot be loaded, or has no such direction.
        """

        def load() -> Mapping[str, AnyScript]:
            asyncmig_version()  # the journal will want it, and it is read from a file
            scripts = self.source.load_scripts([move.revision for move in moves])
            for move in moves:
                script = scripts[move.revision.id]
                check_written(script, direction)
                if isinstance(script, SqlScript):
                    script.checksum  # noqa: B018 - read here and kept: the text may be large
            return scripts

        return await anyio.to_thread.run_sync(load)

    async def execute(
        self,
        state: DatabaseState,
        moves: Sequence[Move],
        scripts: Mapping[str, AnyScript],
        request: RunRequest,
    ) -> RunResult:
        """As ``execute_from``, without the state that it leaves."""
        result, _ = await self.execute_from(state, moves, scripts, request)
        return result

    async def execute_from(
        self,
        state: DatabaseState,
        moves: Sequence[Move],
        scripts: Mapping[str, AnyScript],
        request: RunRequest,
    ) -> tuple[RunResult, DatabaseState]:
        """Execute moves, and check what the version table has afterwards.

        Args:
            state: of the database, read under the lock.
            moves: what is to do.
            scripts: the loaded script of each, by revision id.
            request: what was asked for.

        Returns:
            The result, and the state that it leaves.

        Raises:
            AsyncmigError: see ``Migrator.upgrade``.
        """
        session, settings, direction = self.session, self.settings, str(request.direction)
        revisions = tuple(move.revision.id for move in moves)
        self.emit(RunStarted(direction=direction, revisions=revisions))
        check_not_blocked(self.planner.graph, state.partial, moves, request.direction)
        self.planner.lock_key = lock_key(settings, state.schema) if settings.lock else None
        resumes = await read_resumes(session, settings, state)
        self.planner.rewriting = await read_rewriting(session, settings, state)
        online = await self._read_online_changes(state, moves, scripts)
        hooks = await anyio.to_thread.run_sync(self.source.version_hooks)
        books = Bookkeeping.of_run(settings, state.schema, self.tag)
        if state.has_backfills:
            books = replace(books, has_backfills=True)
        added = [move.revision.id for move in moves if direction_of(move) == "upgrade"]
        setup = await setup_statements(
            session,
            settings,
            state,
            books,
            added,
            facts_column=(self.planner.rewriting is not None or online is not None)
            and await needs_facts_column(session, settings, state),
        )
        removed = [move.revision.id for move in moves if direction_of(move) == "downgrade"]
        if state.has_backfills and removed:
            setup.append(books.backfills.pause_of_revisions(removed))
        async with self._watching_locks(books) as watch, reporting_notices(session, self.emit):
            applied = await self._executor(books, hooks, watch).run(
                moves, scripts, heads=state.heads, setup=setup, resumes=resumes
            )
        expected = state.heads
        for move in moves:
            expected = move.apply(expected)
        after = await read_state(session, replace(settings, version_table_schema=state.schema))
        if after.heads != expected:
            raise UnexpectedStateError(
                f"the version table holds {_names(after.heads)} where this run left {_names(expected)}",
                hint="another process writes to it: run one migration tool at a time",
                expected=tuple(sorted(expected)),
                found=tuple(sorted(after.heads)),
            )
        result = request.result(state.heads, expected, applied=applied)
        self.emit(
            RunFinished(
                direction=direction,
                applied=tuple(step.revision for step in applied),
                heads=result.after,
                elapsed=result.elapsed,
            )
        )
        return result, after

    async def stamp(
        self,
        moves: Sequence[StampMove],
        books: Bookkeeping,
        heads: frozenset[str],
        *,
        before: Sequence[str],
        after: Sequence[str],
    ) -> None:
        """Write rows of the version table, and call the hooks for each; see ``Executor.stamp``."""
        hooks = await anyio.to_thread.run_sync(self.source.version_hooks)
        await self._executor(books, hooks).stamp(moves, heads, before=before, after=after)

    async def _read_online_changes(
        self, state: DatabaseState, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
    ) -> OnlineChanges | None:
        """What the column changes online of the moves depend on; None where there are none."""
        if not any(scripts[move.revision.id].has_online_change for move in moves):
            return None
        from asyncmig.bookkeeping.online_facts import read_online_changes

        found = self.planner.online = await read_online_changes(
            self.session, self.settings, state, self.planner, moves, scripts
        )
        return found

    @asynccontextmanager
    async def _watching_locks(self, books: Bookkeeping) -> AsyncIterator[LockWatch | None]:
        """Sample the locks of the run, and record them in the journal at its end."""
        if books.journal is None:
            yield None
            return
        own = (self.settings.version_table, self.settings.journal_table)
        watch = LockWatch(self.database, self.session, own)
        try:
            yield watch
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS):
                samples = books.journal.record_locks(watch)
                if samples and not (self.session.closed or self.session.in_transaction):
                    await self.session.transact_best_effort(samples)  # their loss is no error
                await watch.close()

    def _executor(
        self,
        books: Bookkeeping,
        hooks: Sequence[VersionHook],
        lock_watch: LockWatch | None = None,
    ) -> Executor:
        async def read_again() -> Mapping[str, Resume]:
            now = await read_state(self.session, self.settings, check_tables_first=True)
            return await read_resumes(self.session, self.settings, now)

        context = ExecutionContext(
            session=self.session,
            database=self.database,
            books=books,
            retry_policy=RetryPolicy.of(self.settings),
            progress=Progress(self.emit),
            settings=self.settings,
            one_transaction=self.planner.one_transaction,
            lock_watch=lock_watch,
            scripts=self.source,
            is_last=self.is_last,
        )
        return Executor(context, self.planner, read_resumes=read_again, hooks=hooks)


class StepwiseRun:
    """Upgrades and downgrades on one locked session, for a caller that looks at the database in between.

    Each run loads its scripts again and commits as a run by itself, and the settings that its scripts have
    changed are restored behind it. After an error the session cannot be used further.

    Args:
        pending: executes scripts.
        read_state: reads the version table and the journal.
    """

    def __init__(
        self, pending: PendingRun, read_state: Callable[[], Awaitable[DatabaseState]]
    ) -> None:
        self._pending = pending
        self._read_state = read_state
        self._state: DatabaseState | None = None

    @property
    def is_in_transaction(self) -> bool:
        """Whether the caller's transaction is open: no other connection sees what is done."""
        return self._pending.session.caller_transaction

    async def run(self, request: RunRequest) -> RunResult:
        """Bring the database to a target; a database that is there already has nothing to execute.

        Raises:
            AsyncmigError: see ``Migrator.upgrade``.
        """
        request = request.begin()
        pending = self._pending
        state = self._state = self._state or await self._read_state()
        moves = request.moves(pending.planner.graph, state.heads)
        if not moves:
            return request.result(state.heads, state.heads)
        scripts = await pending.load_scripts(moves, request.direction)
        result, self._state = await pending.execute_from(state, moves, scripts, request)
        return result


def _names(heads: Iterable[str]) -> str:
    return listed(sorted(heads), empty="nothing")
