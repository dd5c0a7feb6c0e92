"""The phase of a backfill: its job runs on the migrating connection, between the two rows of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.backfill.options import BackfillOptions
from asyncmig.backfill.phase import run_backfill_phase
from asyncmig.backfill.revision_functions import RevisionFunctions
from asyncmig.backfill.throttle import load_user_throttle
from asyncmig.config.settings import Settings
from asyncmig.errors import BackfillError, PartiallyAppliedError
from asyncmig.events import PhaseStarted
from asyncmig.plan.model import Phase, PhaseKind

if TYPE_CHECKING:
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.work_units import StandaloneStatement
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["send_backfill"]


async def send_backfill(
    context: ExecutionContext, unit: StandaloneStatement, definition: Backfill
) -> None:
    """Run a backfill, from where an earlier run has left it.

    Raises:
        PartiallyAppliedError: it failed; the batches before are committed.
    """
    step, emit = unit.step, context.progress.emit
    settings = context.settings or Settings()
    emit(PhaseStarted(revision=step.revision, phase=unit.phase, kind=str(PhaseKind.BACKFILL)))
    try:
        await run_backfill_phase(
            context.session,
            context.books.backfills,
            BackfillOptions.of(settings),
            emit,
            revision=step.revision,
            definition=definition,
            functions=RevisionFunctions(context.scripts),
            user_throttle=await load_user_throttle(settings),
        )
    except BackfillError as error:
        await _record_failure(context, unit, str(error))
        raise PartiallyAppliedError(
            f"revision {step.revision} stopped at {unit.statement.origin}: {error}",
            hint=error.hint,
            **error.fields()
            | {
                "revision": step.revision,
                "direction": str(step.direction),
                "origin": unit.statement.origin,
                "directive": unit.statement.directive,
                "sql": unit.statement.shown,
                "phase": unit.phase,
                "applied": context.progress.revisions,
            },
        ) from error


async def _record_failure(context: ExecutionContext, unit: StandaloneStatement, error: str) -> None:
    journal = context.books.journal
    if journal is None or context.session.closed:
        return
    before = Phase(kind=PhaseKind.BACKFILL, statements=unit.before)
    row = journal.stop(
        unit.step,
        unit.phase,
        before,
        "failed",
        error,
        statement=unit.statement,
        final=False,  # its job is recorded, and batches may be committed
    )
    await context.session.transact_best_effort([row])
