"""What all parts of one run share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.database.committed_work import CommittedWork
from asyncmig.execution.work_units import first_rolled_back

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import asyncpg

    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.lock_watch import LockWatch
    from asyncmig.database.retry_policy import RetryPolicy
    from asyncmig.database.session import Session
    from asyncmig.errors import StatementFailedError
    from asyncmig.events import Blocker
    from asyncmig.execution.progress import Progress
    from asyncmig.execution.script_source import ScriptSource
    from asyncmig.execution.work_units import Unit
    from asyncmig.plan.model import Step
    from asyncmig.sql.statement import Statement

__all__ = ["ExecutionContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionContext:
    """One run.

    Attributes:
        session: the connection that migrates and holds the runner's lock.
        database: opens a second connection, to look who blocks.
        books: the version table and the journal.
        retry_policy: for steps that set no limits of their own.
        progress: what is committed, and the events of the run.
        settings: of the run.
        one_transaction: all steps share a transaction (``transaction = "all"``).
        lock_watch: samples lock waits for the journal; None where there is no journal.
        scripts: where functions of backfills come from.
        is_last: no other run follows on the session.
    """

    session: Session
    database: Database
    books: Bookkeeping
    retry_policy: RetryPolicy
    progress: Progress
    settings: Settings | None = None
    one_transaction: bool
    lock_watch: LockWatch | None = None
    scripts: ScriptSource | None = None
    is_last: bool

    async def watched(self, send: Callable[[], Awaitable[None]]) -> None:
        """Run ``send``, and sample the locks of the session meanwhile."""
        if self.lock_watch is None:
            await send()
        else:
            await self.lock_watch.during(send)

    def committed(
        self,
        step: Step,
        unit: Unit | None,
        phase: int,
        *,
        side_effect: str | None = None,
        advice: str | None = None,
    ) -> CommittedWork:
        """What is committed of a step when a unit of it fails.

        Args:
            step: the step.
            unit: the unit that failed; a transaction is rolled back with all phases in it.
            phase: the phase at which it failed.
            side_effect: what the failed statement itself has left.
            advice: how to continue, where that is not simply to run again.
        """
        if self.session.caller_transaction:
            return CommittedWork(caller_transaction=True)
        phases = first_rolled_back(step.revision, unit, phase)
        statements = 0
        if unit is not None and (unit.step, unit.phase) == (step, phases):
            statements = len(unit.before or ())
        return CommittedWork(
            phases=phases,
            statements=statements,
            examples=tuple(self.progress.standalone.get(step.revision, ())),
            side_effect=side_effect,
            advice=advice,
        )

    def failure(
        self,
        error: asyncpg.PostgresError,
        step: Step,
        phase: int,
        statement: Statement | None,
        *,
        committed: CommittedWork,
        index: int | None = None,
        origin: str | None = None,
        attempts: int = 1,
        blockers: tuple[Blocker, ...] = (),
        earlier: Sequence[str] = (),
    ) -> StatementFailedError:
        """The error of a statement of a script; arguments as ``statement_failure``."""
        from asyncmig.database.statement_failures import statement_failure

        return statement_failure(
            error,
            step,
            phase,
            statement,
            applied=self.progress.revisions,
            committed=committed,
            index=index,
            journalled=self.books.journal is not None,
            origin=origin,
            attempts=attempts,
            blockers=blockers,
            earlier=earlier,
        )
