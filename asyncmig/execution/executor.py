"""Running moves over one session.

Scripts run one after the other; their statements are queued, and while a message is being sent the scripts of
the next one run. A script that reads has the queue sent first, then its own statements in an open
transaction, so that it sees the database as it left it. A script that failed on a lock after it has read is
run again from its beginning, without what the journal shows as committed.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.server_errors import TRANSIENT_STATES, postgres_error
from asyncmig.database.session_settings import restore_settings
from asyncmig.errors import (
    AsyncmigError,
    ConnectionLostError,
    LockNotAcquiredError,
    PoolingError,
    StatementFailedError,
)
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.scripts.connections import ScriptConnections
from asyncmig.execution.scripts.failures import Failures
from asyncmig.execution.scripts.hook_step import VersionHookStep
from asyncmig.execution.scripts.running_step import RunningStep
from asyncmig.execution.work_units import Fragment, Transaction, bookkeeping_fragments
from asyncmig.plan.model import Step
from asyncmig.plan.moves import direction_of
from asyncmig.plan.planner import EMPTY_PHASE
from asyncmig.plan.version_hooks import MigrationInfo, file_of
from asyncmig.revisions.graph.revision import Revision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.resume import Resume
    from asyncmig.execution.retries import Retries
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.results import AppliedStep
    from asyncmig.revisions.graph.moves import Move, StampMove

__all__ = ["Executor"]


class Executor:
    """Runs moves over one session.

    Args:
        context: of the run.
        planner: makes steps and recorders.
        read_resumes: reads what the journal has of partially applied revisions, before a script is repeated.
        hooks: ``on_version_apply``.
    """

    def __init__(
        self,
        context: ExecutionContext,
        planner: Planner,
        *,
        read_resumes: Callable[[], Awaitable[Mapping[str, Resume]]],
        hooks: Sequence[VersionHook] = (),
    ) -> None:
        self._context = context
        self._session = context.session
        self._progress = context.progress
        self._planner = planner
        self._read_resumes = read_resumes
        self._hooks = tuple(hooks)
        self._sender = MessageSender(context)
        self._connections = ScriptConnections(context, self._sender)
        self._failures = Failures(context, planner, self._sender)
        # scripts ask `op.get_context().dialect` for the server's version
        version = context.session.driver.get_server_version()
        planner.dialect.server_version_info = (version.major, version.minor)
        self._resumes: Mapping[str, Resume] = {}
        self._rows_before: dict[str, frozenset[str]] = {}
        self._rows: dict[str, frozenset[str]] = {}
        self._live_steps: dict[str, Step] = {}
        self._retries: Retries | None = None
        self._resources = AsyncExitStack()

    async def run(
        self,
        moves: Sequence[Move],
        scripts: Mapping[str, AnyScript],
        *,
        heads: Iterable[str] = (),
        setup: Sequence[str] = (),
        resumes: Mapping[str, Resume] | None = None,
    ) -> tuple[AppliedStep, ...]:
        """Run the moves in order.

        Args:
            moves: from the planner.
            scripts: the loaded script of each, by revision id.
            heads: the rows of the version table.
            setup: statements that create the version table and the journal, sent with the first message.
            resumes: what earlier runs have committed of partially applied revisions.

        Returns:
            The steps, all committed.
        """
        if setup:
            self._sender.add(Transaction(fragments=[Fragment(sql) for sql in setup]))
        self._progress.total = len(moves)
        self._resumes = resumes or {}
        rows = frozenset(heads)
        for move in moves:
            self._rows_before[move.revision.id] = rows
            rows = self._rows[move.revision.id] = move.apply(rows)
        try:
            async with self._cleaning_up():
                while (first := len(self._progress.applied)) < len(moves):
                    try:
                        await self._run_from(first, moves, scripts)
                    except StatementFailedError as error:
                        await self._prepare_to_repeat(error)
        except (ConnectionLostError, LockNotAcquiredError, PoolingError) as error:
            error.add_fields(applied=self._progress.revisions)
            raise
        except AsyncmigError as error:
            await self._failures.record(error, moves, scripts)
            raise
        return tuple(self._progress.applied)

    async def stamp(
        self,
        moves: Sequence[StampMove],
        heads: Iterable[str],
        *,
        before: Sequence[str],
        after: Sequence[str],
    ) -> None:
        """Write the rows of a stamp in one transaction, and call the hooks behind each of its steps.

        Args:
            moves: the steps.
            heads: the rows that the first step finds.
            before: statements in front of it.
            after: statements behind the last.
        """
        unit = Transaction(fragments=[Fragment(sql) for sql in before])
        self._sender.add(unit)
        rows = frozenset(heads)
        graph = self._planner.graph
        async with self._cleaning_up():
            for move in moves:
                found, rows = rows, move.apply(rows)
                name = (move.add or move.remove)[0]
                revision = graph.get(name) if name in graph else Revision(id=name)
                step = Step(
                    revision=name,
                    direction=direction_of(move),
                    phases=(EMPTY_PHASE,),
                    version=move,
                    rows_before=found,
                )
                change = self._context.books.version_change(step)
                unit.fragments += bookkeeping_fragments(change, step, 0)
                self._rows[name] = rows
                info = MigrationInfo.of_stamp(move, graph)
                await self._call_hooks(revision, step, unit, info)
            unit.fragments += [Fragment(sql) for sql in after]
            await self._sender.flush()

    @asynccontextmanager
    async def _cleaning_up(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:
            self._session.interrupted = not isinstance(error, Exception)
            raise
        finally:
            await self._end_retries()
            await self._connections.close()
            await self._session.roll_back()

    async def _run_from(
        self, first: int, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
    ) -> None:
        """Run the moves from a position on."""
        async with self._sender.overlapping():
            for number, move in enumerate(moves[first:], first + 1):
                script = scripts[move.revision.id]
                if self._retries is None:
                    await self._run_move(move, script, number)
                else:
                    await self._repeat(self._retries, move, script, number)
                if self._sender.full:
                    await self._sender.send_ahead()
                await self._sender.yield_to_loop()
            await self._sender.flush()

    async def _run_move(self, move: Move, script: AnyScript, number: int) -> None:
        revision = move.revision
        self._progress.step_started(revision, direction_of(move), number)
        await self._read_columns_again(script, number)
        recorder = self._planner.script_recorder(revision, self._connections)
        step = self._planner.step(
            move,
            script,
            (),
            rows_before=self._rows_before[revision.id],
            rewrite_facts=recorder.rewrite_facts,
        )
        resume = self._resumes.get(revision.id)
        running = RunningStep(self._context, self._sender, self._planner, step, recorder, resume)
        try:
            await self._connections.run_script(running, script, self._planner.keywords)
        except AsyncmigError as error:
            if not running.begun:
                # the revisions before this one are complete, and are committed as if each ran by itself
                await self._flush_before_failing()
            else:
                self._failures.explain(error, running, resumed=resume is not None)
            raise
        finally:
            if recorder.went_live or self._hooks:
                self._live_steps[revision.id] = step
        unit = await running.finish(separate_version_update=bool(self._hooks))
        if self._hooks:
            info = MigrationInfo.of_move(move, self._planner.graph)
            await self._call_hooks(revision, step, unit, info)
        settings = self._context.settings
        is_followed = number < self._progress.total or not self._context.is_last
        if settings is not None and (is_followed or recorder.changes_role):
            restored = restore_settings(self._session, settings, recorder.changed_settings)
            if restored:
                self._sender.add(Transaction(fragments=[Fragment(sql) for sql in restored]))

    async def _read_columns_again(self, script: AnyScript, number: int) -> None:
        """What a column change online depends on, once the scripts before it have run."""
        online = self._planner.online
        if number == 1 or online is None or not script.has_online_change:
            return
        from asyncmig.bookkeeping.online_facts import read_documents

        await self._sender.flush()
        await read_documents(self._session, online, list(dict.fromkeys(online.requested)))

    async def _call_hooks(
        self, revision: Revision, step: Step, unit: Transaction, info: MigrationInfo
    ) -> None:
        """Call ``on_version_apply`` in the open transaction that wrote the step's row."""
        unit.closed = False
        heads = self._rows[revision.id]
        for hook in self._hooks:
            recorder = self._planner.recorder(revision, self._connections, source=file_of(hook))
            running = VersionHookStep(self._context, self._sender, step, unit, recorder, hook)
            await running.flush_pending()
            await self._connections.call_hook(running, hook, info, heads, self._planner.keywords)
            running.queue()
        unit.closed = True

    async def _flush_before_failing(self) -> None:
        with anyio.CancelScope(shield=True):
            if not self._session.closed and not self._context.one_transaction:
                await self._sender.flush()

    # repeating a script that has read

    async def _repeat(self, retries: Retries, move: Move, script: AnyScript, number: int) -> None:
        """Run a script once more, and look who blocks it."""

        async def run() -> None:
            await self._run_move(move, script, number)
            await self._sender.flush()

        await retries.watched(run)
        await self._end_retries()

    async def _prepare_to_repeat(self, error: StatementFailedError) -> None:
        """Get ready to repeat a script that failed on a lock; raise what cannot be repeated.

        Only the script can repeat the transaction in which it has read. What it has committed is in the
        journal.
        """
        step = self._live_steps.get(error.revision)
        server = postgres_error(error.__cause__)
        if (
            step is None
            or server is None
            or error.sqlstate not in TRANSIENT_STATES
            or error.attempts != 1  # the transaction was sent again already
            or self._session.caller_transaction
            or self._session.closed
        ):
            raise error
        await import_in_thread("asyncmig.execution.retries")
        from asyncmig.database.statement_failures import retries_exhausted
        from asyncmig.execution.retries import Retries

        await self._connections.close()
        await self._session.roll_back()
        phase = error.phase or 0
        if self._retries is None:
            self._retries = await self._resources.enter_async_context(
                Retries(self._context, step, phase)
            )
        retries = self._retries
        retries.phase = phase
        sql = error.sql or getattr(server, "query", None)
        if not await retries.again(
            server,
            [sql] if sql else [],
            reason=str(error),
            repeatable=not phase or self._context.books.journal is not None,
        ):
            raise retries_exhausted(
                error, retries.attempt + 1, retries.blockers
            ) from error.__cause__
        self._sender.discard()
        self._resumes = await self._read_resumes()
        self._sender.attempt = retries.attempt

    async def _end_retries(self) -> None:
        await self._resources.aclose()
        self._retries = None
        self._sender.attempt = 0
