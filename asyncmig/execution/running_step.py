"""A step while its script runs: which of its phases are queued, which one is open.

The script's statements arrive in pieces: all at once for a static script, and up to each read for a
live one. Each piece is cut into phases; the last transaction phase may stay open, since more of it may
follow.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from asyncmig.database.server_errors import statement_failure
from asyncmig.database.session_settings import statement_timeouts
from asyncmig.errors import ScriptError, StatementFailedError
from asyncmig.execution.before_alone import should_execute
from asyncmig.execution.handled_errors import recorded_text, restored_error
from asyncmig.execution.interrupted_statements import StatementAttempt
from asyncmig.execution.work_units import (
    Fragment,
    PhaseCommit,
    StandaloneStatement,
    Transaction,
    fragments_of,
    frame_phase,
)
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.plan.planner import EMPTY_PHASE
from asyncmig.sql.classify import classify
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from asyncmig.database.session import Session
    from asyncmig.execution.batch_sender import MessageSender
    from asyncmig.execution.resume import Resume
    from asyncmig.execution.work_units import Bookkeeping, Unit
    from asyncmig.plan.model import Step
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.recorder import Recorder

__all__ = ["RunningStep"]


class RunningStep:
    """One step on its way to the wire.

    Args:
        step: what is known of it: its phases are not.
        recorder: hears the script.
        planner: cuts phases.
        wire: where units go.
        session: where a statement goes that the script runs itself.
        books: the tables to keep.
        resume: what an earlier run has committed of it.
    """

    def __init__(
        self,
        step: Step,
        recorder: Recorder,
        *,
        planner: Planner,
        wire: MessageSender,
        session: Session,
        books: Bookkeeping,
        resume: Resume | None,
    ) -> None:
        self.step = step
        self.recorder = recorder
        self.index = 0
        self._planner = planner
        self._wire = wire
        self._session = session
        self._books = books
        self._resume = resume
        self._open: Transaction | None = None
        self._said: list[Statement] = []
        self._touched = False
        self._alone: Phase | None = None
        self._autocommit: dict[int, Phase] = {}
        self.replayed_failure: StatementFailedError | None = None
        self._failure: tuple[int, Phase, asyncpg.PostgresError] | None = None
        self._limits = AsyncExitStack()

    @property
    def already_committed(self) -> bool:
        """True while the script goes through a phase that an earlier run has committed."""
        return self._resume is not None and self._resume.is_committed(self.index)

    @property
    def begun(self) -> bool:
        """True once something of it was queued."""
        return self._open is not None or self.index > 0

    # what happens to the script

    async def flush_pending(self) -> None:
        """Send what the script has said, and leave its transaction open: it goes on to read."""
        self._settle_failure()
        self._queue(open_ended=True)
        if self._open is None and not self.recorder.in_autocommit and not self.already_committed:
            self._open_transaction()
        await self._wire.flush()
        if self._open is not None:
            self._open.live = True

    def before_other_io(self) -> None:
        """The script runs a statement itself, in the open transaction."""
        self._touched = True

    async def end_transaction(self) -> None:
        """Commit what the script has said: it asks for it, or what it does next demands it."""
        self._settle_failure()
        self._queue(open_ended=True)
        self._close()
        await self._wire.flush()

    async def roll_back(self) -> None:
        """Roll back what is open and begin anew: the script rolled back by hand."""
        if self._planner.one_transaction:
            raise ScriptError(
                f"revision {self.step.revision} rolls back, and all revisions share a transaction",
                hint="use a savepoint, or a transaction a revision",
                revision=self.step.revision,
                path=self.step.path,
            )
        self.recorder.take()
        self._said.clear()
        if self._open is not None:
            await self._session.roll_back()
            self._open.reset()
            self._open.parts.clear()
            await self._wire.flush()

    async def begin_standalone(self, sql: str, origin: str | None) -> bool:
        """Journal that the script is about to run a statement that cannot be in a transaction.

        Returns:
            False when an earlier run has done it.
        """
        await self.end_transaction()
        statement = Statement(sql=sql, origin=origin, transactional=False, executed=True)
        phase = Phase(kind=PhaseKind.AUTOCOMMIT, statements=(statement,))
        if self.already_committed:
            self._skip_committed(phase, final=False)
            return False
        journal, resume = self._books.journal, self._resume
        self._alone = phase
        await self._limits.enter_async_context(
            statement_timeouts(
                self._session,
                lock_timeout=self._wire.lock_timeout(self.step),
                statement_timeout=self.step.statement_timeout,
                unlimited=classify(sql).concurrently,
            )
        )
        entry = resume.entry if resume is not None and self.index == resume.entry.phase else None
        if journal is not None:
            row = (
                journal.insert(
                    self.step, self.index, phase, state="started", final=False, statement=0
                )
                if entry is None
                else journal.reopen(entry.journal_id, phase)
            )
            await self._session.transact([row])
        attempt = StatementAttempt(
            step=self.step,
            phase=self.index,
            statement=statement,
            partial=self.index > 0,
            ours=entry is not None and entry.was_sent,
            interrupted=entry is not None and entry.interrupted,
        )
        try:
            return await should_execute(self._session, self._books, attempt)
        except StatementFailedError:
            self._alone = None
            await self._limits.aclose()
            raise

    async def end_standalone(self) -> PhaseCommit | None:
        """Journal that it is done; None where no such statement is on its way."""
        phase, self._alone = self._alone, None
        if phase is None:
            return None
        await self._limits.aclose()
        journal = self._books.journal
        if journal is not None:
            await self._session.transact(
                [journal.finish(self.step, self.index, phase, final=False)]
            )
        mark = PhaseCommit(self.step, self.index, phase.kind, final=False)
        self.index += 1
        return mark

    async def abandon_standalone(self, error: asyncpg.PostgresError | None) -> None:
        """The script failed: if it was in a statement by itself, the journal says why."""
        phase, self._alone = self._alone, None
        await self._limits.aclose()
        journal = self._books.journal
        if phase is None or error is None or journal is None or self._session.closed:
            return
        done = Phase(kind=PhaseKind.AUTOCOMMIT)
        await self._session.transact_best_effort(
            [journal.fail(self.step, self.index, done, str(error))]
        )

    async def note_failure(self, error: asyncpg.PostgresError) -> bool:
        """Get ready for a script that handles the error of a statement that was just sent.

        Returns:
            False where the script cannot handle it: what failed was not the statement.
        """
        head = self._wire.head
        if head is None or (head is self._open and self._open.live):
            # a transaction is left as it is: the script may have set a savepoint, and go back to it
            return True
        phase = self._autocommit.get(head.phase)
        if phase is None or not _has_statement(head):
            return False
        self._wire.discard()
        self._open = None
        self.index = head.phase
        self._failure = (self.index, phase, error)
        return True

    async def note_standalone_failure(self, error: asyncpg.PostgresError) -> None:
        """The same for a statement outside a transaction that the script ran itself."""
        phase = self._alone
        if phase is not None:
            await self.abandon_standalone(error)
            self._failure = (self.index, phase, error)

    def _settle_failure(self) -> None:
        """The script goes on behind a statement that failed: it has handled the error."""
        failure, self._failure = self._failure, None
        if failure is None:
            return
        self.index, phase, error = failure
        if self._books.journal is not None:
            row = self._books.journal.catch(self.step, self.index, phase, recorded_text(error))
            part = Fragment(row, None, self.step, self.index)
            self._wire.add(Transaction(step=self.step, phase=self.index, parts=[part]))
        self.index += 1

    def finish(self, *, separate_version_update: bool = False) -> Transaction:
        """Queue the rest; the last phase carries the change of the version table.

        Args:
            separate_version_update: more is to follow in the transaction that changes it.

        Returns:
            That transaction.
        """
        self._settle_failure()
        phases = self._cut(open_ended=False)
        for phase in phases[:-1]:
            self._add(phase, more=True)
        last = phases[-1] if phases else EMPTY_PHASE
        if last.kind is PhaseKind.TRANSACTION:
            self._extend(last.statements)
            unit = self._open
            self._close(final=True)
        else:
            self._close()
            unit = self._add_autocommit(last, final=True, apart=separate_version_update)
        assert unit is not None  # noqa: S101 - `final` raises where an earlier run has committed it
        return unit

    # queueing

    def _cut(self, *, open_ended: bool) -> tuple[Phase, ...]:
        return self._planner.phases(self.recorder.take(), open_ended=open_ended)

    def _queue(self, *, open_ended: bool) -> None:
        phases = self._cut(open_ended=open_ended)
        for position, phase in enumerate(phases, 1):
            self._add(phase, more=position < len(phases))

    def _add(self, phase: Phase, *, more: bool) -> None:
        """Queue a phase; a transaction stays open unless ``more`` phases follow."""
        if phase.kind is PhaseKind.TRANSACTION:
            self._extend(phase.statements)
            if more:
                self._close()
        else:
            self._close()
            self._add_autocommit(phase)

    def _extend(self, statements: Sequence[Statement]) -> None:
        self._said.extend(statements)
        if self.already_committed:
            return
        unit = self._open or self._open_transaction()
        unit.parts.extend(fragments_of(statements, self.step, self.index))

    def _open_transaction(self) -> Transaction:
        unit = self._wire.add(Transaction(step=self.step, phase=self.index, closed=False))
        assert isinstance(unit, Transaction)  # noqa: S101 - the wire gives back its kind
        self._open = unit
        return unit

    def _close(self, *, final: bool = False) -> None:
        """End the transaction phase, if there is one."""
        phase = Phase(kind=PhaseKind.TRANSACTION, statements=tuple(self._said))
        if self.already_committed:
            if self._said or self._touched or final:
                self._said.clear()
                self._touched = False
                self._skip_committed(phase, final=final)
            return
        unit = self._open
        if unit is None:
            return
        self._open = None
        unit.closed = True
        if self._said or self._touched or final:
            unit.parts.extend(self._books.committed(self.step, self.index, phase, final=final))
            unit.marks.append(PhaseCommit(self.step, self.index, PhaseKind.TRANSACTION, final))
            self.index += 1
        self._said.clear()
        self._touched = False

    def _add_autocommit(
        self, phase: Phase, *, final: bool = False, apart: bool = False
    ) -> Transaction | None:
        if self.already_committed:
            self._skip_committed(phase, final=final)
            return None
        self._autocommit[self.index] = phase
        resume = self._resume
        skip, entry, sent, interrupted = 0, None, False, False
        last: Unit | None = None
        if resume is not None and self.index == resume.entry.phase:
            resume.check(self.step, self.index, phase)
            skip, entry = resume.entry.statement, resume.entry.journal_id
            sent, interrupted = resume.entry.was_sent, resume.entry.interrupted
        for unit in frame_phase(
            self.step,
            self.index,
            phase,
            self._books,
            final=final,
            skip=skip,
            entry=entry,
            sent=sent,
            interrupted=interrupted,
            separate_version_update=apart,
        ):
            last = self._wire.add(unit)
        self.index += 1
        return last if isinstance(last, Transaction) else None

    def _skip_committed(self, phase: Phase, *, final: bool) -> None:
        """A phase that an earlier run has committed: make sure that it is the same."""
        assert self._resume is not None  # noqa: S101 - `already_committed` says so
        self._resume.check(self.step, self.index, phase)
        caught = self._resume.caught.get(self.index)
        if caught is not None:
            self.index += 1
            error = restored_error(caught)
            self.replayed_failure = statement_failure(
                error,
                self.step,
                self.index - 1,
                next(iter(phase.statements), None),
                applied=(),
                committed_before=True,
            )
            raise self.replayed_failure from error
        if final:
            raise ScriptError(
                f"revision {self.step.revision} was shortened after it had stopped half way"
                f" ({self.step.path})",
                hint=(
                    "bring the script back as it was; or, once the database is put right by hand, "
                    f"`asyncmig resolve {self.step.revision} --forget`"
                ),
                revision=self.step.revision,
                path=self.step.path,
            )
        self.index += 1


def _has_statement(unit: Unit) -> bool:
    """True where a statement of the script is in it, and not only bookkeeping."""
    return isinstance(unit, StandaloneStatement) or any(
        part.statement is not None for part in unit.parts
    )
