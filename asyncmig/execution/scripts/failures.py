"""Failed phases: their rows in the journal, and what is committed of a revision whose script failed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from asyncmig.bookkeeping.journal import FailureFingerprint
from asyncmig.errors import StatementFailedError
from asyncmig.execution.work_units import StandaloneStatement, first_rolled_back
from asyncmig.plan.model import Phase, PhaseKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.errors import AsyncmigError
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.messages.sender import MessageSender
    from asyncmig.execution.scripts.running_step import RunningStep
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.revisions.graph.moves import Move

__all__ = ["Failures"]

RECORD_SECONDS = 5.0
"""How long the row of a failed phase may take to be written."""


class Failures:
    """The failures of one run.

    Args:
        context: of the run.
        planner: makes steps.
        sender: its head is the unit that failed.
    """

    def __init__(self, context: ExecutionContext, planner: Planner, sender: MessageSender) -> None:
        self._context = context
        self._planner = planner
        self._sender = sender
        self._began = time.monotonic()
        self._phases: dict[str, int] = {}

    def explain(self, error: AsyncmigError, running: RunningStep, *, resumed: bool) -> None:
        """Add to the error of a script what is committed of its revision.

        Args:
            error: raised while the script ran, after something of it was sent.
            running: its step.
            resumed: an earlier run has committed a part of it.
        """
        if isinstance(error, StatementFailedError):
            return
        revision = running.step.revision
        self._phases[revision] = running.index
        committed = running.committed
        if committed or resumed:
            error.add_fields(partial=revision)
        if not resumed:
            journalled = self._context.books.journal is not None
            kept = committed.describe(revision, journalled=journalled)
            error.hint = kept if error.hint is None else f"{error.hint}; {kept}"

    async def record(
        self, error: AsyncmigError, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
    ) -> None:
        """Write the row of the phase that failed, after its rollback and in a transaction of its own.

        A transaction of the caller gets none: it can only be rolled back. A statement outside a transaction
        has its row already.
        """
        journal, session = self._context.books.journal, self._context.session
        move = _move_of(error, moves)
        phase = self._phase_of(error)
        unit = self._sender.head
        if (
            journal is None
            or move is None
            or phase is None
            or session.closed
            or session.caller_transaction
            or isinstance(unit, StandaloneStatement)
        ):
            return
        step = self._planner.step(move, scripts[move.revision.id], ())
        stopped = None
        if unit is not None and unit.before is not None:
            done = Phase(kind=PhaseKind.AUTOCOMMIT, statements=unit.before)
            own = (fragment.statement for fragment in unit.fragments)
            failed = next((each.fingerprint for each in own if each is not None), None)
            stopped = FailureFingerprint(done.fingerprint, failed)
        # the next run continues with the first phase that is rolled back
        phase = first_rolled_back(step.revision, unit, phase)
        row = journal.insert_failure(
            step,
            phase,
            error.message,
            final=phase == 0 and not (unit and unit.before),
            elapsed=time.monotonic() - self._began,
            stopped=stopped,
        )
        with anyio.move_on_after(RECORD_SECONDS, shield=True):
            await session.transact_best_effort([row])

    def _phase_of(self, error: AsyncmigError) -> int | None:
        """The phase that failed; None where nothing was sent, or where the server refused nothing."""
        if isinstance(error, StatementFailedError):
            return error.phase if error.sqlstate is not None else None
        return self._phases.get(_revision_of(error))


def _revision_of(error: AsyncmigError) -> str:
    return str(error.fields().get("revision"))


def _move_of(error: AsyncmigError, moves: Sequence[Move]) -> Move | None:
    revision = _revision_of(error)
    return next((move for move in moves if move.revision.id == revision), None)
