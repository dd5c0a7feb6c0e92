"""Sending a transaction again that failed in a message and is rolled back.

Each attempt is a transaction of its own in one message, so that it holds locks no longer than the work
takes. The last attempt goes statement by statement: when it fails, the failing statement is known. A failure
that no attempt can mend gets that replay at once, for the same reason.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from asyncmig.bookkeeping.version_conflict import (
    is_journal_conflict,
    is_version_conflict,
    journal_conflict,
    lacks_column,
    missing_column,
    version_conflict,
)
from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.server_errors import server_error
from asyncmig.database.session_settings import milliseconds
from asyncmig.execution.messages.message import MESSAGE_LIMIT, Message, is_copy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.errors import AsyncmigError
    from asyncmig.events import Blocker
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.retries import Retries
    from asyncmig.execution.work_units import Fragment, Transaction
    from asyncmig.sql.statement import Statement

__all__ = ["begin_settings", "send_again", "send_fragment", "transaction_failure"]

_Refused: TypeAlias = "tuple[asyncpg.PostgresError, Fragment | None]"
"""An error of the server, and the fragment that it refused, where that is known."""


def begin_settings(context: ExecutionContext, unit: Transaction, attempt: int) -> list[str]:
    """The limits of a transaction, as statements behind its BEGIN."""
    policy = context.retry_policy.for_step(unit.step)
    timeout = policy.timeout(attempt)
    settings = []
    if timeout is not None and (attempt or policy is not context.retry_policy):
        settings.append(f"SET LOCAL lock_timeout = {milliseconds(timeout)}")
    if unit.step is not None and unit.step.statement_timeout is not None:
        limit = milliseconds(unit.step.statement_timeout)
        settings.append(f"SET LOCAL statement_timeout = {limit}")
    return settings


async def send_again(
    context: ExecutionContext, unit: Transaction, error: asyncpg.PostgresError
) -> None:
    """Send a transaction until it goes through.

    Args:
        context: of the run.
        unit: the transaction, rolled back.
        error: with which it failed.

    Raises:
        StatementFailedError: it names the failing statement, and the sessions that blocked it.
        UnexpectedStateError: another process changed the version table.
    """
    await import_in_thread("asyncmig.execution.retries")
    from asyncmig.execution.retries import Retries

    await raise_version_conflict(context, unit, error)
    own = [item for item in unit.fragments if item.statement is not None]
    async with Retries(context, unit.step, unit.phase) as retries:
        again = await retries.again(error, [item.sql for item in own])
        while True:
            whole = again and not retries.is_last and _fits_a_message(unit)
            refused = await (_send_whole if whole else _replay)(context, unit, retries)
            if refused is None:
                return
            error, fragment = refused
            await raise_version_conflict(context, unit, error)
            suspects = own if whole else [fragment] if fragment else []
            again = await retries.again(error, [item.sql for item in suspects])
            if not (again or whole):
                raise transaction_failure(
                    context, error, unit, fragment, retries.attempt + 1, retries.blockers
                ) from error


async def _send_whole(
    context: ExecutionContext, unit: Transaction, retries: Retries
) -> _Refused | None:
    """Send a transaction in one message."""
    session = context.session
    message = Message()
    message.begin(session.guard, *begin_settings(context, unit, retries.attempt))
    for fragment in unit.fragments:
        message.add(fragment.sql)
    if unit.closed:
        message.add("COMMIT")
    try:
        await retries.watched(lambda: session.send(message.text))
    except asyncpg.PostgresError as error:
        await session.roll_back()
        return error, None
    return None


async def _replay(
    context: ExecutionContext, unit: Transaction, retries: Retries
) -> _Refused | None:
    """Send a transaction statement by statement: it stops at the failing one, or goes through."""
    session = context.session
    begin = Message()
    begin.begin(session.guard, *begin_settings(context, unit, retries.attempt))
    current: Fragment | None = None
    try:
        await session.send(begin.text)
        for current in unit.fragments:
            await retries.watched(partial(send_fragment, context, current))
        current = None  # a deferred constraint is checked by COMMIT
        if unit.closed:
            await session.send("COMMIT")
    except asyncpg.PostgresError as error:
        await session.roll_back()
        return error, current
    return None


async def send_fragment(context: ExecutionContext, fragment: Fragment) -> None:
    """Send one statement by itself, with its data where it is a COPY."""
    if is_copy(fragment) and fragment.statement is not None:
        await context.session.copy_in(fragment.sql, fragment.statement.copy_data or "")
    else:
        await context.session.send(fragment.sql)


async def raise_version_conflict(
    context: ExecutionContext, unit: Transaction, error: asyncpg.PostgresError
) -> None:
    """Raise where a transaction failed because another process changed the version table or the journal.

    Raises:
        UnexpectedStateError: it did.
    """
    table, journal = context.books.version, context.books.journal
    if journal is not None and is_journal_conflict(error):
        phase = (
            "the run"
            if unit.step is None
            else f"phase {unit.phase} of revision {unit.step.revision}"
        )
        raise await journal_conflict(context.session, journal, phase) from error
    steps = [fragment.step for fragment in unit.fragments if fragment.step is not None]
    if not steps or not is_version_conflict(error, table):
        return
    step = steps[0]
    doing = f"the {step.direction} of revision {step.revision}" if unit.step else "the stamp"
    raise await version_conflict(context.session, table, doing, step.rows_before or ()) from error


def _fits_a_message(unit: Transaction) -> bool:
    size = sum(len(fragment.sql) for fragment in unit.fragments)
    return size <= MESSAGE_LIMIT and not any(map(is_copy, unit.fragments))


def transaction_failure(
    context: ExecutionContext,
    error: asyncpg.PostgresError,
    unit: Transaction,
    fragment: Fragment | None,
    attempts: int = 1,
    blockers: tuple[Blocker, ...] = (),
) -> AsyncmigError:
    """The error of a transaction; ``fragment`` is the failing statement, where that is known."""
    journal = context.books.journal
    if journal is not None and lacks_column(error, journal):
        return missing_column(error, journal)
    step, phase = unit.step, unit.phase
    if fragment is not None and fragment.step is not None:
        step, phase = fragment.step, fragment.phase
    if step is None:
        return server_error(error)
    own: list[Fragment] = []
    for each in unit.fragments:
        if each is fragment:
            break
        if each.step is step and each.statement is not None:
            own.append(each)
    statement = None if fragment is None else fragment.statement
    return context.failure(
        error,
        step,
        phase,
        statement,
        index=None if statement is None else _index_in_phase(unit, phase, statement, own),
        earlier=[*(each.sql for each in unit.before or ()), *(each.sql for each in own)],
        committed=context.committed(step, unit, phase),
        attempts=attempts,
        blockers=blockers,
    )


def _index_in_phase(
    unit: Transaction, phase: int, statement: Statement, before: Sequence[Fragment]
) -> int:
    """The index of a statement; several fragments may belong to one."""
    if unit.before is not None and unit.phase == phase:
        return len(unit.before)
    others = {id(each.statement) for each in before if each.phase == phase}
    return len(others - {id(statement)})
