"""Running steps: recording scripts, sending their units, and opening the database to those that read.

A static script is recorded whole and queued; many of them travel in one message, and while it is on its
way the next are recorded. A script that reads
makes the executor catch up first: what is queued is sent, what the script has said so far is sent into
an open transaction, and then it sees the database as it left it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from asyncmig.database.blockers import BlockerWatch, holders_after
from asyncmig.database.server_errors import TRANSIENT_STATES, postgres_error, retries_exhausted
from asyncmig.errors import ConnectionLostError, PoolingError, ScriptError, StatementFailedError
from asyncmig.events import (
    LockBlocked,
    PhaseRetried,
    PhaseStarted,
    StatementStarted,
)
from asyncmig.execution.batch_sender import MessageSender
from asyncmig.execution.before_alone import should_execute
from asyncmig.execution.hook_step import VersionHookStep
from asyncmig.execution.interrupted_statements import StatementAttempt
from asyncmig.execution.progress import Progress
from asyncmig.execution.running_step import RunningStep
from asyncmig.execution.script_connections import ScriptConnections
from asyncmig.execution.statement_monitor import run_watched
from asyncmig.execution.work_units import (
    Bookkeeping,
    Fragment,
    PhaseCommit,
    StandaloneStatement,
    Transaction,
)
from asyncmig.plan.model import Phase, PhaseKind, Step
from asyncmig.plan.planner import EMPTY_PHASE, direction_of
from asyncmig.plan.version_hooks import MigrationInfo, file_of
from asyncmig.revisions.graph.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    import asyncpg

    from asyncmig.database.connections import Database
    from asyncmig.database.retry_policy import RetryPolicy
    from asyncmig.database.session import Session
    from asyncmig.events import Blocker, Event
    from asyncmig.execution.resume import Resume
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.recorder import Recorder
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.results import AppliedStep
    from asyncmig.revisions.graph.moves import Move, StampMove

__all__ = ["Executor"]


class Executor:
    """Runs moves over one session, which holds the runner's lock."""

    def __init__(
        self,
        session: Session,
        database: Database,
        planner: Planner,
        books: Bookkeeping,
        emit: Callable[[Event], None],
        patience: RetryPolicy,
        *,
        read_resumes: Callable[[], Awaitable[Mapping[str, Resume]]],
        hooks: Sequence[VersionHook] = (),
    ) -> None:
        self.session = session
        self.books = books
        self.planner = planner
        self._database = database
        self._emit = emit
        self._progress = Progress(emit)
        self._patience = patience
        self._read_resumes = read_resumes
        self._hooks = tuple(hooks)
        self._resumes: Mapping[str, Resume] = {}
        self._attempt = 0
        self._blockers: tuple[Blocker, ...] = ()
        self._live_steps: dict[str, Step] = {}
        self.wire = MessageSender(
            session,
            self,
            patience,
            merge=planner.one_transaction,
            journalled=books.journal is not None,
        )
        self._live = ScriptConnections(self)
        # scripts ask `op.get_context().dialect` for the server's version
        version = session.driver.get_server_version()
        planner.dialect.server_version_info = (version.major, version.minor)
        self._current: RunningStep | VersionHookStep | None = None
        self._rows: dict[str, frozenset[str]] = {}

    # running

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
            setup: statements that make our tables, sent with the first message.
            resumes: what earlier runs have committed of revisions that stopped half way.

        Returns:
            The steps, all committed.
        """
        if setup:
            self.wire.add(Transaction(parts=[Fragment(sql) for sql in setup]))
        total = self._progress.total = len(moves)
        self._resumes = resumes or {}
        rows = frozenset(heads)
        for move in moves if self._hooks else ():
            rows = self._rows[move.revision.id] = move.apply(rows)
        try:
            while (first := len(self._progress.applied)) < total:
                try:
                    await self._run_from(first, moves, scripts)
                except StatementFailedError as error:
                    await self._begin_anew(error)
        except (ConnectionLostError, PoolingError) as error:
            error.add_facts(applied=self.applied())
            raise
        except BaseException as error:
            self.session.interrupted = not isinstance(error, Exception)
            raise
        finally:
            await self._live.close()
            await self.session.roll_back()
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
        unit = Transaction(parts=[Fragment(sql) for sql in before], closed=False)
        self.wire.add(unit)
        rows = frozenset(heads)
        try:
            for move in moves:
                rows = move.apply(rows)
                name = (move.add or move.remove)[0]
                graph = self.planner.graph
                revision = graph.get(name) if name in graph else Revision(id=name)
                step = Step(
                    revision=name,
                    direction=direction_of(move),
                    phases=(EMPTY_PHASE,),
                    version=move,
                )
                unit.parts += self.books.version_change(step, 0)
                self._rows[name] = rows
                info = MigrationInfo.of_stamp(move, graph)
                await self._call_hooks(revision, step, unit, info)
            unit.parts += [Fragment(sql) for sql in after]
            unit.closed = True
            await self.wire.flush()
        except BaseException as error:
            self.session.interrupted = not isinstance(error, Exception)
            raise
        finally:
            await self._live.close()
            await self.session.roll_back()

    async def _run_from(
        self, first: int, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
    ) -> None:
        """Run the moves from a position on: a batch is sent while the scripts of the next are played."""
        async with self.wire.overlapping():
            for number, move in enumerate(moves[first:], first + 1):
                script = scripts[move.revision.id]
                if self._attempt:
                    await self._run_watched(move, script, number)
                else:
                    await self._run_move(move, script, number)
                if self.wire.full:
                    await self.wire.send_ahead()
                await self.wire.yield_to_loop()
            await self.wire.flush()

    async def _run_watched(self, move: Move, script: AnyScript, number: int) -> None:
        """Play a live script once more, and look who stands in its way."""

        async def run() -> None:
            await self._run_move(move, script, number)
            await self.wire.flush()

        patience = self._patience.for_step(self.planner.step(move, script, ()))
        async with self.watch() as watch:
            try:
                await watch.during(run, patience.timeout(self._attempt))
            finally:
                self._blockers = watch.blockers
        self._attempt = self.wire.attempt = 0

    async def _begin_anew(self, error: StatementFailedError) -> None:
        """Get ready to play a live script again that failed on a lock; raise what has to stay.

        Its transaction holds what the script has read, so that only the script can make it anew. What
        it has committed stands in the journal, and is passed by.
        """
        facts = error.fields()
        step = self._live_steps.get(str(facts.get("revision")))
        if (
            facts.get("sqlstate") not in TRANSIENT_STATES
            or facts.get("attempts") != 1  # the wire has tried
            or step is None
            or self.session.caller_transaction
            or self.session.closed
        ):
            raise error
        await self._live.close()
        await self.session.roll_back()
        server = postgres_error(error.__cause__)
        spoken = [str(facts.get("sql") or getattr(server, "query", None) or "")]
        self._blockers = self._blockers or await holders_after(server, self.session, spoken)
        if self._attempt >= self._patience.for_step(step).retries or (
            facts.get("phase") and self.books.journal is None
        ):
            raise retries_exhausted(error, self._attempt + 1, self._blockers) from error.__cause__
        self._attempt += 1
        self.wire.discard()
        phase = facts.get("phase")
        await self.wait_to_retry(
            step,
            phase if isinstance(phase, int) else 0,
            self._attempt,
            (str(facts["sqlstate"]), str(error)),
            self._blockers,
        )
        self._resumes = await self._read_resumes()
        self.wire.attempt = self._attempt

    async def _run_move(self, move: Move, script: AnyScript, number: int) -> None:
        revision = move.revision
        self._progress.started(revision, direction_of(move), number)
        recorder = self.planner.recorder(revision, self._live)
        step = self.planner.step(move, script, ())
        resume = self._resumes.get(revision.id)
        current = RunningStep(
            step,
            recorder,
            planner=self.planner,
            wire=self.wire,
            session=self.session,
            books=self.books,
            resume=resume,
        )
        self._current = current
        try:
            await self._live.play(script, direction_of(move), recorder, self.planner.keywords)
        except Exception:
            if not current.begun:
                # what precedes this revision is complete: it stands, as if each ran by itself
                await self._flush_before_failing()
            raise
        finally:
            self._current = None
            if recorder.went_live or self._hooks:
                self._live_steps[revision.id] = step
        if self._hooks:
            unit = current.finish(separate_version_update=True)
            info = MigrationInfo.of_move(move, self.planner.graph)
            await self._call_hooks(revision, step, unit, info)
        else:
            current.finish()

    async def _call_hooks(
        self, revision: Revision, step: Step, unit: Transaction, info: MigrationInfo
    ) -> None:
        """Call ``on_version_apply`` in the open transaction that wrote the step's row."""
        unit.closed = False
        heads = self._rows[revision.id]
        for hook in self._hooks:
            recorder = self.planner.recorder(revision, self._live, source=file_of(hook))
            current = self._current = VersionHookStep(step, unit, recorder, hook, self.wire)
            try:
                await current.flush_pending()
                await self._live.call(hook, recorder, info, heads, self.planner.keywords)
                current.queue()
            finally:
                self._current = None
        unit.closed = True

    async def _flush_before_failing(self) -> None:
        with anyio.CancelScope(shield=True):
            if not self.session.closed and not self.planner.one_transaction:
                await self.wire.flush()

    def playing(self, recorder: Recorder) -> RunningStep | VersionHookStep:
        """The step whose script is running.

        Raises:
            ScriptError: that script has finished, and something of it still uses its connection.
        """
        current = self._current
        if current is None or current.recorder is not recorder:
            raise ScriptError(
                f"revision {recorder.revision.id} used its connection after it had finished",
                hint="await every task that a script starts before the script returns",
                revision=recorder.revision.id,
                path=recorder.revision.path,
            )
        return current

    # hearing the wire

    def committed(self, mark: PhaseCommit) -> None:
        """A phase stands committed."""
        self._progress.committed(mark)

    def sent(self, units: list[Transaction], size: int) -> None:
        """A message is on its way."""
        self._progress.sent(units, size)

    async def run_alone(
        self, unit: StandaloneStatement, send: Callable[[], Awaitable[None]]
    ) -> None:
        """Send a statement by itself, and watch it where the server shows how far it is."""
        revision = unit.step.revision
        if unit.index == 0:
            self._emit(PhaseStarted(revision=revision, phase=unit.phase, kind="autocommit"))
        statement = unit.statement
        attempt = StatementAttempt(
            step=unit.step,
            phase=unit.phase,
            statement=statement,
            partial=unit.phase > 0 or unit.index > 0,
            ours=unit.begun_before,
            interrupted=unit.interrupted,
        )
        if not await should_execute(self.session, self.books, attempt, unit.before):
            return
        self._emit(StatementStarted(revision=revision, sql=statement.sql, origin=statement.origin))
        await run_watched(send, self._database, self.session, revision, statement.sql, self._emit)

    async def failed_alone(self, unit: StandaloneStatement, error: asyncpg.PostgresError) -> None:
        """A statement by itself was refused for good: the journal says why."""
        journal = self.books.journal
        if journal is None or self.session.closed:
            return
        done = Phase(kind=PhaseKind.AUTOCOMMIT, statements=unit.before)
        await self.session.transact_best_effort(
            [journal.fail(unit.step, unit.phase, done, str(error))]
        )

    async def wait_to_retry(
        self,
        step: Step,
        phase: int,
        attempt: int,
        reason: tuple[str | None, str],
        blockers: tuple[Blocker, ...],
    ) -> None:
        """Tell of a try that failed, and pause before the next."""
        patience = self._patience.for_step(step)
        pause = patience.pause(attempt)
        self._emit(
            PhaseRetried(
                revision=step.revision,
                phase=phase,
                attempt=attempt + 1,
                attempts=patience.retries + 1,
                sqlstate=reason[0],
                reason=reason[1],
                blockers=blockers,
                pause=pause,
                lock_timeout=patience.timeout(attempt),
            )
        )
        await anyio.sleep(pause)

    def watch(self) -> BlockerWatch:
        """Looks who stands in the way."""
        return BlockerWatch(
            self._database,
            self.session,
            lambda blockers: self._emit(LockBlocked(blockers=blockers)),
        )

    def applied(self) -> tuple[str, ...]:
        """Revisions of this run that stand."""
        return self._progress.revisions
