"""Running steps: recording scripts, sending their units, and opening the database to those that read.

A static script is recorded whole and queued; many of them travel in one message. A script that reads
makes the executor catch up first: what is queued is sent, what the script has said so far is sent into
an open transaction, and then it sees the database as it left it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import asyncpg

from asyncmig.engine.live import LiveConnections
from asyncmig.engine.probes import Verdict, clear_way, judge, undecidable
from asyncmig.engine.stepping import RunningStep
from asyncmig.engine.units import Alone, Bookkeeping, Mark, Part, Transaction
from asyncmig.engine.watching import run_watched
from asyncmig.engine.wire import Wire
from asyncmig.errors import ConnectionLostError, ScriptError
from asyncmig.events import (
    BatchSent,
    PhaseFinished,
    PhaseStarted,
    StatementStarted,
    StepFinished,
    StepStarted,
)
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.plan.planner import direction_of
from asyncmig.results import AppliedStep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from asyncmig.engine.database import Database
    from asyncmig.engine.resuming import Resume
    from asyncmig.engine.session import Session
    from asyncmig.events import Event
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.play import AnyScript
    from asyncmig.plan.recorder import Recorder
    from asyncmig.revisions.moves import Move

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
        *,
        resumes: Mapping[str, Resume] | None = None,
    ) -> None:
        self.session = session
        self.books = books
        self.planner = planner
        self._database = database
        self._emit = emit
        self._resumes = resumes or {}
        self._applied: list[AppliedStep] = []
        self._numbers: dict[str, int] = {}
        self._total = 0
        self._began: dict[str, float] = {}
        self.wire = Wire(session, self, merge=planner.one_transaction)
        self._live = LiveConnections(self)
        self._current: RunningStep | None = None

    # running

    async def run(
        self,
        moves: Sequence[Move],
        scripts: Mapping[str, AnyScript],
        *,
        setup: Sequence[str] = (),
    ) -> tuple[AppliedStep, ...]:
        """Run the moves in order.

        Args:
            moves: from the planner.
            scripts: the loaded script of each, by revision id.
            setup: statements that make our tables, sent with the first message.

        Returns:
            The steps, all committed.
        """
        if setup:
            self.wire.add(Transaction(parts=[Part(sql) for sql in setup]))
        total = self._total = len(moves)
        try:
            for number, move in enumerate(moves, 1):
                await self._run_move(move, scripts[move.revision.id], number, total)
                if self.wire.full:
                    await self.wire.flush()
                else:
                    await anyio.lowlevel.checkpoint()
            await self.wire.flush()
        except ConnectionLostError as error:
            error.add_facts(applied=self.applied())
            raise
        finally:
            await self._live.close()
            await self.session.roll_back()
        return tuple(self._applied)

    async def _run_move(self, move: Move, script: AnyScript, number: int, total: int) -> None:
        revision = move.revision
        self._numbers[revision.id] = number
        self._began[revision.id] = time.monotonic()
        self._emit(
            StepStarted(
                revision=revision.id,
                direction=str(direction_of(move)),
                message=revision.message,
                number=number,
                total=total,
            )
        )
        recorder = self.planner.recorder(move, self._live)
        step = self.planner.step(move, script, ())
        resume = self._resumes.get(revision.id)
        if resume is not None and resume.entry.direction != step.direction:
            raise _other_direction(resume)
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
        except BaseException:
            if not current.begun:
                # what precedes this revision is complete: it stands, as if each ran by itself
                await self._flush_before_failing()
            raise
        finally:
            self._current = None
        current.finish()

    async def _flush_before_failing(self) -> None:
        with anyio.CancelScope(shield=True):
            if not self.session.closed and not self.planner.one_transaction:
                await self.wire.flush()

    def playing(self, recorder: Recorder) -> RunningStep:
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

    def committed(self, mark: Mark) -> None:
        """A phase stands committed."""
        revision = mark.step.revision
        self._emit(PhaseFinished(revision=revision, phase=mark.phase, kind=str(mark.kind)))
        if not mark.final:
            return
        elapsed = time.monotonic() - self._began.get(revision, time.monotonic())
        direction = str(mark.step.direction)
        self._applied.append(
            AppliedStep(
                revision=revision, direction=direction, phases=mark.phase + 1, elapsed=elapsed
            )
        )
        self._emit(
            StepFinished(
                revision=revision,
                direction=direction,
                number=self._numbers.get(revision, 0),
                total=self._total,
                elapsed=elapsed,
            )
        )

    def sent(self, units: list[Transaction], size: int) -> None:
        """A message is on its way."""
        revisions = dict.fromkeys(unit.step.revision for unit in units if unit.step is not None)
        self._emit(
            BatchSent(
                revisions=tuple(revisions),
                statements=sum(len(unit.parts) for unit in units),
                size=size,
            )
        )

    async def run_alone(self, unit: Alone, send: Callable[[], Awaitable[None]]) -> None:
        """Send a statement by itself, and watch it where the server shows how far it is."""
        revision = unit.step.revision
        if unit.index == 0:
            self._emit(PhaseStarted(revision=revision, phase=unit.phase, kind="autocommit"))
        statement = unit.statement
        if unit.interrupted:
            verdict = await judge(self.session, statement)
            if verdict is Verdict.DONE:
                return
            if verdict is Verdict.UNKNOWN:
                raise undecidable(unit.step, unit.phase, statement)
        await clear_way(self.session, statement, ours=unit.begun_before)
        self._emit(StatementStarted(revision=revision, sql=statement.sql, origin=statement.origin))
        try:
            await run_watched(
                send, self._database, self.session, revision, statement.sql, self._emit
            )
        except asyncpg.PostgresError as error:
            await self._journal_failure(unit, error)
            raise

    async def _journal_failure(self, unit: Alone, error: asyncpg.PostgresError) -> None:
        journal = self.books.journal
        if journal is None or self.session.closed:
            return
        done = Phase(kind=PhaseKind.AUTOCOMMIT, statements=unit.before)
        await self.session.send(journal.fail(unit.step, unit.phase, done, str(error)))

    def applied(self) -> tuple[str, ...]:
        """Revisions of this run that stand."""
        return tuple(step.revision for step in self._applied)


def _other_direction(resume: Resume) -> ScriptError:
    entry = resume.entry
    return ScriptError(
        f"the {entry.direction} of revision {entry.revision} stopped half way, and is to end first",
        hint=(
            f"run the {entry.direction} again, or `asyncmig resolve {entry.revision} --forget` once "
            "the database is put right by hand"
        ),
        revision=entry.revision,
    )
