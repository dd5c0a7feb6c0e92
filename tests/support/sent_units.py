"""Transactions that are sent on a session without a server, and messages that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig.errors import StatementFailedError, UnexpectedStateError
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.work_units import (
    Fragment,
    PhaseCommit,
    Transaction,
    TransactionState,
    fragments_of,
)
from asyncmig.plan.model import PhaseKind
from support.fake_session import fake_context
from support.plans import statement, step, transaction

if TYPE_CHECKING:
    from asyncmig.execution.work_units import Unit
    from support.fake_session import FakeSession

__all__ = ["LOCKED", "MISSING", "Refusing", "committed", "read_unit", "sent", "unit"]

LOCKED = asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
MISSING = asyncpg.UndefinedTableError('relation "u" does not exist')


class Refusing:
    """Refuses messages that have a word, as often as said."""

    def __init__(self, word: str, error: asyncpg.PostgresError, times: int = 10**6) -> None:
        self.word, self.error, self.times = word, error, times

    def __call__(self, sql: str) -> asyncpg.PostgresError | None:
        if self.word not in sql or not self.times:
            return None
        self.times -= 1
        return self.error


def unit(*sql: str, phase: int = 0, revision: str = "a1", closed: bool = True) -> Transaction:
    """A transaction of a script."""
    own = step(transaction(*sql), revision=revision)
    return Transaction(
        step=own,
        phase=phase,
        fragments=list(fragments_of(map(statement, sql), own, phase)),
        phase_commits=[PhaseCommit(own, phase, PhaseKind.TRANSACTION, final=True)],
        closed=closed,
    )


def read_unit(*sql: str, closed: bool = True) -> Transaction:
    """A transaction in which a script has read."""
    made = unit(*sql, closed=closed)
    made.state = TransactionState.READ
    if closed:
        made.fragments.append(Fragment("INSERT INTO journal", None, made.step, 0))
    return made


def committed(number: int) -> dict[str, list[dict[str, Any]]]:
    """The answer of a session whose last commit has a number."""
    return {"asyncmig.committed": [{"number": str(number)}]}


async def sent(session: FakeSession, *units: Unit, **options: Any) -> tuple[list[Any], Any]:
    """Flush units; gives the events, and the error if there was one."""
    events: list[Any] = []
    sender = MessageSender(fake_context(session, events=events, **options))
    for item in units:
        sender.add(item)
    try:
        await sender.flush()
    except (StatementFailedError, UnexpectedStateError) as error:
        return events, error
    return events, None
