"""What comes before a statement that stands outside of any transaction is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import StatementFailedError
from asyncmig.execution.interrupted_statements import is_done, remove_invalid_index
from asyncmig.plan.model import Phase, PhaseKind

if TYPE_CHECKING:
    from asyncmig.database.session import Session
    from asyncmig.execution.interrupted_statements import StatementAttempt
    from asyncmig.execution.work_units import Bookkeeping
    from asyncmig.sql.statement import Statement

__all__ = ["should_execute"]


async def should_execute(
    session: Session,
    books: Bookkeeping,
    attempt: StatementAttempt,
    before: tuple[Statement, ...] = (),
) -> bool:
    """Look what an earlier try has left, and whether something of others is in the way.

    Args:
        session: the migrating one.
        books: where a refusal is noted, so that the next run does not take for its own what it found.
        attempt: the statement, whose row in the journal says that it starts.
        before: the statements of its phase that precede it.

    Returns:
        False when the statement is done.

    Raises:
        StatementFailedError: it was not sent, and the error says why.
    """
    if await is_done(session, attempt):
        return False
    try:
        await remove_invalid_index(session, attempt)
    except StatementFailedError as obstacle:
        if books.journal is not None:
            done = Phase(kind=PhaseKind.AUTOCOMMIT, statements=before)
            refusal = books.journal.refuse(attempt.step, attempt.phase, done, str(obstacle))
            await session.transact_best_effort([refusal])
        raise
    return True
