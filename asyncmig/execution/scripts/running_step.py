"""A step while its script runs: which of its phases are committed, queued or open.

A static script gives its statements at once, one that reads gives those up to each read. They are cut into
phases; the last transaction phase may stay open, since more of it may follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from asyncmig.database.committed_work import CommittedWork
from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.session import ROLE_OF_RUN
from asyncmig.errors import ScriptError, StatementFailedError
from asyncmig.execution.scripts.handled_errors import recorded_text, restored_error
from asyncmig.execution.work_units import (
    PhaseCommit,
    StandaloneStatement,
    Transaction,
    TransactionState,
    bookkeeping_fragments,
    fragments_of,
    frame_phase,
    has_statement,
)
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.plan.planner import EMPTY_PHASE
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import asyncpg

    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.messages.sender import MessageSender
    from asyncmig.execution.resume import Resume
    from asyncmig.execution.standalone.statement import StandaloneRun
    from asyncmig.execution.work_units import Unit
    from asyncmig.plan.model import Step
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.recorder import Recorder

__all__ = ["RunningStep"]

T = TypeVar("T")


class RunningStep:
    """One step whose script is running.

    Args:
        context: of the run.
        sender: takes the units.
        planner: cuts phases.
        step: what is known of it; not its phases.
        recorder: takes the statements of the script.
        resume: what an earlier run has committed of it.

    Attributes:
        index: of the phase that the script is in.
        replayed_failure: the error that is raised again, because the script handled it in an earlier run.
    """

    def __init__(
        self,
        context: ExecutionContext,
        sender: MessageSender,
        planner: Planner,
        step: Step,
        recorder: Recorder,
        resume: Resume | None,
    ) -> None:
        self.step = step
        self.recorder = recorder
        self.index = 0
        self.replayed_failure: StatementFailedError | None = None
        self._context = context
        self._sender = sender
        self._planner = planner
        self._resume = resume
        self._open: Transaction | None = None
        self._statements: list[Statement] = []
        self._has_other_io = False
        self._is_single = False
        self._standalone: tuple[StandaloneRun, Unit] | None = None
        self._autocommit: dict[int, Phase] = {}
        self._failure: tuple[int, Phase, asyncpg.PostgresError] | None = None
        self._failed_standalone: tuple[BaseException | None, CommittedWork | None] = None, None

    @property
    def already_committed(self) -> bool:
        """True while the script is in a phase that an earlier run has committed."""
        return self._resume is not None and self._resume.is_committed(self.index)

    @property
    def begun(self) -> bool:
        """True once something of it was queued."""
        return self._open is not None or self.index > 0

    # what the script does

    async def flush_pending(self) -> None:
        """Send the statements so far, and leave their transaction open: the script reads next."""
        await self._in_thread_if_long(self._queue_pending)
        if self._open is None and not self.recorder.in_autocommit and not self.already_committed:
            self._open_transaction()
        await self._sender.flush()
        self._note_read()

    def before_other_io(self) -> None:
        """The script runs a statement itself, in the open transaction."""
        self._has_other_io = True

    async def end_transaction(self) -> None:
        """Commit the statements so far: the script asks for it, or its next statement requires it."""
        await self._in_thread_if_long(self._queue_pending)
        self._close()
        await self._sender.flush()

    async def roll_back(self) -> None:
        """Roll back what is open and begin again: the script rolled back by hand."""
        if self._context.one_transaction:
            raise ScriptError(
                f"revision {self.step.revision} rolls back, and all revisions share a transaction",
                hint="use a savepoint, or a transaction a revision",
                revision=self.step.revision,
                path=self.step.path,
            )
        self.recorder.take()
        self._statements.clear()
        if self._open is not None:
            await self._context.session.roll_back()
            self._open.reset()
            self._open.fragments.clear()
            await self._sender.flush()
            self._note_read()

    def _note_read(self) -> None:
        if self._open is not None:
            self._open.state = TransactionState.READ

    async def finish(self, *, separate_version_update: bool) -> Transaction:
        """Queue the rest; the last phase carries the change of the version table.

        Args:
            separate_version_update: hooks extend the transaction that changes it.

        Returns:
            That transaction.
        """
        return await self._in_thread_if_long(
            lambda: self._queue_rest(separate_version_update=separate_version_update)
        )

    async def _in_thread_if_long(self, queue: Callable[[], T]) -> T:
        """Call a function that queues what the script has recorded; in a thread where that is much."""
        if not self.recorder.holds_much:
            return queue()
        await self._sender.wait_sent()  # the queue is not for two threads
        return await anyio.to_thread.run_sync(queue, abandon_on_cancel=True)

    def _queue_rest(self, *, separate_version_update: bool) -> Transaction:
        self._record_handled_error()
        phases = self._cut(open_ended=False)
        for phase in phases[:-1]:
            self._add(phase, more=True)
        last = phases[-1] if phases else EMPTY_PHASE
        unit: Unit | None
        if last.kind is PhaseKind.TRANSACTION:
            self._extend(last.statements)
            unit = self._open
            self._close(final=True)
        else:
            self._close()
            unit = self._add_autocommit(last, final=True, separate=separate_version_update)
        assert isinstance(unit, Transaction)  # noqa: S101 - `final` raises where it is committed already
        return unit

    # a statement that the script runs itself in an autocommit block

    async def begin_single_transaction(self) -> bool:
        """Open a transaction for one statement.

        Returns:
            False when an earlier run has committed it.
        """
        await self.end_transaction()
        self._has_other_io = True
        if self.already_committed:
            self._close()
            return False
        self._open_transaction()
        await self._sender.flush()
        self._note_read()
        self._is_single = True
        return True

    async def _end_single_transaction(self) -> None:
        if self._is_single:
            self._is_single = False
            await self.end_transaction()

    # a statement outside a transaction that the script runs itself

    async def begin_standalone(self, sql: str, origin: str | None) -> bool:
        """Get ready for a statement that cannot run in a transaction.

        Returns:
            False when an earlier run has done it.
        """
        await self.end_transaction()
        statement = Statement(sql=sql, origin=origin, transactional=False)
        phase = Phase(kind=PhaseKind.AUTOCOMMIT, statements=(statement,))
        if self.already_committed:
            self._skip_committed(phase, final=False)
            return False
        *opening, closing = self._frame(phase)
        run: StandaloneRun | None = None
        for unit in opening:
            if isinstance(unit, StandaloneStatement):
                await import_in_thread("asyncmig.execution.standalone.statement")
                from asyncmig.execution.standalone.statement import StandaloneRun

                run = StandaloneRun(self._context, unit, self._sender.lock_timeout(self.step))
            else:
                self._sender.add(unit)
        await self._sender.flush()
        if run is not None:
            self._standalone = run, closing
            try:
                if await run.prepare():
                    return True
            except StatementFailedError:
                await self._take_standalone()
                raise
            await self.end_standalone()
        else:
            await self._commit_standalone(closing)
        return False

    async def end_standalone(self) -> None:
        """Commit such a statement, if there is one: it has gone through."""
        await self._end_single_transaction()
        running = await self._take_standalone()
        if running is not None:
            self._context.progress.standalone_finished(running[0].unit)
            await self._commit_standalone(running[1])

    async def abandon_standalone(self, error: asyncpg.PostgresError | None) -> None:
        """The script failed: if it was in such a statement, the journal says why."""
        running = await self._take_standalone()
        if running is not None and error is not None:
            self._failed_standalone = error, await running[0].record_failure(error)

    def committed_work(self, error: asyncpg.PostgresError) -> CommittedWork:
        """What is committed of the revision when a statement that the script ran itself fails."""
        failed, committed = self._failed_standalone
        if committed is not None and failed is error:
            return committed
        return self.committed

    @property
    def committed(self) -> CommittedWork:
        """What is committed of the revision when its script fails."""
        return self._context.committed(self.step, self._open, self.index)

    async def _commit_standalone(self, closing: Unit) -> None:
        self._sender.add(closing)
        self.index += 1
        await self._sender.flush()

    async def _take_standalone(self) -> tuple[StandaloneRun, Unit] | None:
        running, self._standalone = self._standalone, None
        if running is not None:
            await running[0].close()
        return running

    # errors that the script handles

    async def note_failure(self, error: asyncpg.PostgresError) -> bool:
        """Get ready for a script that handles the error of a statement that was just sent.

        Returns:
            False where the script cannot handle it: what failed was not the statement.
        """
        head = self._sender.head
        if head is None:
            return True
        opened = self._open
        if opened is not None and head is opened and opened.state is TransactionState.READ:
            # a transaction is left as it is: the script may have set a savepoint, and go back to it
            return self._context.session.in_transaction
        phase = self._autocommit.get(head.phase)
        if phase is None or not has_statement(head):
            return False
        self._sender.discard()
        self._open = None
        self.index = head.phase
        self._failure = (self.index, phase, error)
        return True

    async def note_standalone_failure(self, error: asyncpg.PostgresError) -> None:
        """The same for a statement outside a transaction that the script ran itself."""
        if self._is_single:
            self._is_single = False
            self._sender.discard()
            self._open = None
            self._has_other_io = False
            await self._context.session.roll_back()
        if self._standalone is not None:
            phase = self._autocommit[self.index]
            await self.abandon_standalone(error)
            self._failure = (self.index, phase, error)

    def _record_handled_error(self) -> None:
        """The script continues behind a statement that failed: it has handled the error."""
        failure, self._failure = self._failure, None
        if failure is None:
            return
        self.index, phase, error = failure
        journal = self._context.books.journal
        if journal is not None:
            row = journal.catch(self.step, self.index, phase, recorded_text(error))
            fragments = [*bookkeeping_fragments([row], self.step, self.index)]
            self._sender.add(Transaction(step=self.step, phase=self.index, fragments=fragments))
        self.index += 1

    # queueing

    def _cut(self, *, open_ended: bool) -> tuple[Phase, ...]:
        return self._planner.phases(self.recorder.take(), open_ended=open_ended)

    def _queue_pending(self) -> None:
        self._record_handled_error()
        phases = self._cut(open_ended=True)
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
        self._statements.extend(statements)
        if not self.already_committed:
            unit = self._open or self._open_transaction()
            unit.fragments.extend(fragments_of(statements, self.step, self.index))

    def _open_transaction(self) -> Transaction:
        unit = self._sender.add(Transaction(step=self.step, phase=self.index, closed=False))
        assert isinstance(unit, Transaction)  # noqa: S101 - the sender gives back its kind
        self._open = unit
        return unit

    def _close(self, *, final: bool = False) -> None:
        """End the transaction phase, if there is one."""
        phase = Phase(kind=PhaseKind.TRANSACTION, statements=tuple(self._statements))
        is_phase = bool(self._statements or self._has_other_io or final)
        unit, self._open = self._open, None
        if unit is None and not self.already_committed:
            return
        self._statements.clear()
        self._has_other_io = False
        if unit is not None:
            unit.closed = True
            if is_phase:
                own = self._context.books.record(self.step, self.index, phase, final=final)
                unit.fragments += bookkeeping_fragments(
                    [*self._role_of_run, *own], self.step, self.index
                )
                unit.phase_commits.append(PhaseCommit(self.step, self.index, phase.kind, final))
                self.index += 1
        elif is_phase:
            self._skip_committed(phase, final=final)

    def _add_autocommit(
        self, phase: Phase, *, final: bool = False, separate: bool = False
    ) -> Unit | None:
        """Queue an autocommit phase; gives the transaction that ends it."""
        if self.already_committed:
            self._skip_committed(phase, final=final)
            return None
        last: Unit | None = None
        for unit in self._frame(phase, final=final, separate=separate):
            last = self._sender.add(unit)
        self.index += 1
        return last

    def _frame(
        self, phase: Phase, *, final: bool = False, separate: bool = False
    ) -> Iterator[Unit]:
        """The units of an autocommit phase, without the statements that an earlier run has done."""
        self._autocommit[self.index] = phase
        partial, resume = None, self._resume
        if resume is not None and (partial := resume.autocommit_entry(self.index)) is not None:
            resume.check(self.step, self.index, phase)
        units = frame_phase(
            self.step,
            self.index,
            phase,
            self._context.books,
            final=final,
            partial=partial,
            separate_version_update=separate,
        )
        return (self._with_role(unit) for unit in units)

    @property
    def _role_of_run(self) -> Sequence[str]:
        """What comes before bookkeeping where the script may have changed its role."""
        inside = self._context.session.caller_transaction
        return ROLE_OF_RUN if self.recorder.changes_role and not inside else ()

    def _with_role(self, unit: Unit) -> Unit:
        if isinstance(unit, Transaction) and self._role_of_run:
            own = bookkeeping_fragments(self._role_of_run, self.step, self.index)
            first = sum(item.statement is not None for item in unit.fragments)
            unit.fragments[first:first] = own
        return unit

    def _skip_committed(self, phase: Phase, *, final: bool) -> None:
        """Pass over a phase that an earlier run has committed, once it is clear that it is the same."""
        assert self._resume is not None  # noqa: S101 - `already_committed` says so
        self._resume.check(self.step, self.index, phase)
        if final:
            self._resume.check_not_shortened(self.step, self.index)
        index, caught = self.index, self._resume.caught.get(self.index)
        self.index += 1
        if caught is not None:
            error = restored_error(caught)
            statement = next(iter(phase.statements), None)
            self.replayed_failure = self._context.failure(
                error, self.step, index, statement, committed=CommittedWork(phases=index + 1)
            )
            raise self.replayed_failure from error
