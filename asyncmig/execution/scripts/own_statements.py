"""Statements that a script executes itself, through its connection.

Before one is sent, the statements of the script's directives are. COMMIT, and statements that cannot run in a
transaction, become phases of the revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.execution.invalid_index_check import invalid_index_check
from asyncmig.sql.classify import Control
from asyncmig.sql.masking import mask_secrets
from asyncmig.sql.separate_statements import statements_to_send_separately

if TYPE_CHECKING:
    from asyncmig.database.session import Session
    from asyncmig.execution.scripts.hook_step import VersionHookStep
    from asyncmig.execution.scripts.running_step import RunningStep
    from asyncmig.plan.recorder import Recorder

__all__ = ["before_other_io", "before_statement", "run_leading_statements"]

_READING = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "SET", "RESET"})
"""Verbs that change nothing that lasts: they run again when a script is replayed."""

_COMMITTING = frozenset({"CALL", "DO"})
"""Verbs that may commit by themselves, which they cannot inside a transaction block."""


async def before_statement(
    session: Session,
    step: RunningStep | VersionHookStep,
    sql: str,
    *,
    needs_rows: bool = False,
    origin: str | None = None,
) -> bool:
    """Get the transaction ready for a statement.

    Args:
        session: the migrating one.
        step: whose script it is.
        sql: one statement.
        needs_rows: the script uses its rows.
        origin: the script's line, where the stack does not show it.

    Returns:
        False where it is not to be sent: BEGIN and COMMIT are the runner's, or an earlier run has done it.
    """
    recorder = step.recorder
    origin = origin or recorder.origin()
    facts = recorder.inspect(sql, origin, "sql")
    if session.caller_transaction:
        await step.flush_pending()
        return True
    match facts.control:
        case Control.COMMIT:
            await step.end_transaction()
            return False
        case Control.ROLLBACK:
            await step.roll_back()
            return False
        case Control.BEGIN:
            return False
        case None | Control.SAVEPOINT:
            pass
    changes_in_autocommit = recorder.in_autocommit and facts.verb not in _READING
    if not facts.transactional or (changes_in_autocommit and facts.verb in _COMMITTING):
        return await step.begin_standalone(sql, origin)
    if changes_in_autocommit:
        # it is committed together with the row that says so
        if await step.begin_single_transaction():
            return True
        if facts.returns_rows or needs_rows:
            raise _needs_its_rows(recorder, sql)
        return False
    await step.flush_pending()
    step.before_other_io()
    if not step.already_committed:
        if (check := invalid_index_check(sql)) is not None:
            await session.send(check)
        return True
    if facts.verb in _READING:
        return True
    if facts.returns_rows or needs_rows:
        raise _needs_its_rows(recorder, sql)
    return False


async def run_leading_statements(
    session: Session, step: RunningStep | VersionHookStep, sql: str
) -> str:
    """Run the statements before the last one of a text, where they cannot be sent together.

    Returns:
        The last.
    """
    *first, last = statements_to_send_separately(sql)
    for each in first:
        if await before_statement(session, step, each):
            await session.send(each)
            await step.end_standalone()
    return last


async def before_other_io(step: RunningStep | VersionHookStep) -> bool:
    """Get the transaction ready for other work of a script on its connection, such as COPY.

    Returns:
        False where an earlier run has done it.
    """
    await step.flush_pending()
    step.before_other_io()
    return not step.already_committed


def _needs_its_rows(recorder: Recorder, sql: str) -> ScriptError:
    return ScriptError(
        f"revision {recorder.revision.id} is partially applied and cannot be replayed: it needs the rows of "
        f"a statement that has already run ({recorder.origin()})",
        hint=(
            "finish it by hand, or undo it by hand; then `asyncmig resolve"
            f" {recorder.revision.id} --forget`, and stamp it if it is finished"
        ),
        revision=recorder.revision.id,
        path=recorder.revision.path,
        sql=mask_secrets(sql),
    )
