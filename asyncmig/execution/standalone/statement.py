"""One statement outside a transaction, from what an earlier attempt has left to its end.

The journal's rows around it are transactions of their own (``work_units.frame_phase``). A planned statement
is sent by ``send_standalone``; a script may send one through its own connection, between ``prepare`` and
``close``.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import asyncpg

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.session_settings import statement_timeouts
from asyncmig.database.statement_failures import server_message
from asyncmig.errors import StatementFailedError
from asyncmig.events import PhaseStarted, StatementStarted
from asyncmig.execution.retries import Retries
from asyncmig.execution.standalone.interrupted_statements import is_done
from asyncmig.execution.standalone.invalid_index_repair import remove_invalid_index
from asyncmig.execution.standalone.side_effects import NO_SIDE_EFFECT, side_effect
from asyncmig.execution.standalone.statement_monitor import run_monitored
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.sql.classify import classify, may_commit

if TYPE_CHECKING:
    from asyncmig.database.committed_work import CommittedWork
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.work_units import StandaloneStatement

__all__ = ["StandaloneRun", "send_standalone"]


async def send_standalone(context: ExecutionContext, unit: StandaloneStatement) -> None:
    """Send a statement outside a transaction, again after a lock timeout or a deadlock.

    Raises:
        StatementFailedError: the server refused it.
    """
    if unit.statement.backfill is not None:
        await import_in_thread("asyncmig.execution.standalone.backfill")
        from asyncmig.execution.standalone.backfill import send_backfill

        await send_backfill(context, unit, unit.statement.backfill)
        return
    async with Retries(context, unit.step, unit.phase) as retries:
        while True:
            run = StandaloneRun(context, unit, retries.timeout)
            try:
                async with run:
                    if unit.index == 0:
                        revision, phase = unit.step.revision, unit.phase
                        context.progress.emit(
                            PhaseStarted(revision=revision, phase=phase, kind="autocommit")
                        )
                    if await run.prepare():
                        await _send(context, unit, retries)
            except asyncpg.PostgresError as error:
                if may_commit(unit.statement.sql) or not await retries.again(
                    error, [unit.statement.sql]
                ):
                    committed = await run.record_failure(error)
                    raise context.failure(
                        error,
                        unit.step,
                        unit.phase,
                        unit.statement,
                        index=unit.index,
                        earlier=[each.sql for each in unit.before],
                        committed=committed,
                        attempts=retries.attempt + 1,
                        blockers=retries.blockers,
                    ) from error
                # what the attempt has left may be cleared away
                unit = replace(unit, previous=PreviousAttempt.ENDED)
            else:
                context.progress.standalone_finished(unit)
                return


async def _send(context: ExecutionContext, unit: StandaloneStatement, retries: Retries) -> None:
    statement = unit.statement
    context.progress.emit(
        StatementStarted(revision=unit.step.revision, sql=statement.shown, origin=statement.origin)
    )

    async def send() -> None:
        if statement.copy_data is None:
            await context.session.send(statement.sql)
        else:
            await context.session.copy_in(statement.sql, statement.copy_data)

    if classify(statement.sql).concurrently:
        await context.watched(lambda: run_monitored(send, context, unit))
    else:
        await retries.watched(send)


class StandaloneRun:
    """The run of one statement outside a transaction: its time limits are set until ``close``.

    Args:
        context: of the run.
        unit: the statement; the journal has recorded that it starts.
        lock_timeout: how long it may wait for a lock, in seconds.
    """

    def __init__(
        self, context: ExecutionContext, unit: StandaloneStatement, lock_timeout: float | None
    ) -> None:
        self.unit = unit
        self._context = context
        self._lock_timeout = lock_timeout
        self._timeouts = AsyncExitStack()

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def prepare(self) -> bool:
        """Set the limits, and repair what an earlier attempt has left.

        Returns:
            False when an earlier attempt has done the statement.

        Raises:
            StatementFailedError: it is not sent, and the error says why. The journal notes the refusal, so
                that the next run does not take for its own what it finds.
        """
        await self._timeouts.enter_async_context(
            statement_timeouts(
                self._context.session,
                lock_timeout=self._lock_timeout,
                statement_timeout=self.unit.step.statement_timeout,
                # a concurrent build waits for every older transaction
                unlimited=classify(self.unit.statement.sql).concurrently,
            )
        )
        if await is_done(self._context.session, self.unit):
            return False
        try:
            await remove_invalid_index(self._context.session, self.unit)
        except StatementFailedError as blocked:
            committed = self._context.committed(self.unit.step, self.unit, self.unit.phase)
            await self._record("refused", str(blocked), committed)
            raise
        return True

    async def close(self) -> None:
        """Restore the limits of the run."""
        await self._timeouts.aclose()

    async def record_failure(self, error: asyncpg.PostgresError) -> CommittedWork:
        """Record in the journal that the server refused the statement.

        Returns:
            What is committed of the revision, and what the statement itself has left.
        """
        context, unit = self._context, self.unit
        found = NO_SIDE_EFFECT
        if not context.session.closed:
            found = await side_effect(context.session, unit.statement.sql, unit.step.revision)
        committed = context.committed(
            unit.step, unit, unit.phase, side_effect=found.clause, advice=found.advice
        )
        await self._record("failed", server_message(error, unit.statement), committed)
        return committed

    async def _record(
        self, state: Literal["failed", "refused"], error: str, committed: CommittedWork
    ) -> None:
        context, unit = self._context, self.unit
        if context.books.journal is None or context.session.closed:
            return
        before = Phase(kind=PhaseKind.AUTOCOMMIT, statements=unit.before)
        row = context.books.journal.stop(
            unit.step,
            unit.phase,
            before,
            state,
            error,
            statement=unit.statement,
            final=not committed,
        )
        await context.session.transact_best_effort([row])
