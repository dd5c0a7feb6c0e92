"""Errors of PostgreSQL in the statements of scripts: what failed, where, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.database.error_hints import Failure, hint_for
from asyncmig.database.server_errors import TRANSIENT_STATES, describe_blockers, position_of
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.sql.masking import MASK, mask_secrets, secrets_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from asyncmig.database.committed_work import CommittedWork
    from asyncmig.events import Blocker
    from asyncmig.plan.model import Step
    from asyncmig.sql.statement import Statement

__all__ = ["retries_exhausted", "server_message", "statement_failure"]


def statement_failure(
    error: asyncpg.PostgresError,
    step: Step,
    phase: int,
    statement: Statement | None,
    *,
    applied: tuple[str, ...],
    committed: CommittedWork,
    index: int | None = None,
    origin: str | None = None,
    journalled: bool = True,
    attempts: int = 1,
    blockers: tuple[Blocker, ...] = (),
    earlier: Sequence[str] = (),
) -> StatementFailedError:
    """The error of a statement of a script that PostgreSQL refused.

    Args:
        error: the server's.
        step: the revision.
        phase: the index of the phase.
        statement: the failing statement, where it is known.
        applied: the revisions of the run that are committed.
        committed: what is committed of this revision.
        index: the statement's index in its phase, where it is known.
        origin: the script's line, where the statement has none.
        journalled: the journal records where the next run continues.
        attempts: how often it was tried.
        blockers: the sessions that blocked the last attempt.
        earlier: the statements of the revision that ran before it in the same phase.
    """
    sqlstate = getattr(error, "sqlstate", None)
    where = (statement.origin if statement else None) or origin or step.path or step.revision
    directive = (
        f" in op.{statement.directive}"
        if statement and statement.directive not in {None, "sql"}
        else ""
    )
    secrets = secrets_in(statement.sql) if statement else ()
    text = server_message(error, statement)
    position = position_of(error)
    line = ""
    if statement is not None and position is not None:
        before = statement.sql[: position - 1]
        line = (
            f" (line {before.count(chr(10)) + 1} of the statement)" if "\n" in statement.sql else ""
        )
    tries = f" (tried {attempts} times)" if attempts > 1 else ""
    blocked = f"; blocked by {describe_blockers(blockers)}" if blockers else ""
    message = f"revision {step.revision} failed at {where}{directive}: {text}{line}{tries}{blocked}"
    kind = PartiallyAppliedError if committed else StatementFailedError
    kept = committed.describe(step.revision, journalled=journalled)
    tried = {"attempts": attempts, "blockers": [str(blocker) for blocker in blockers]}
    advice = hint_for(_failure_of(error, step, statement, earlier))
    return kind(
        message,
        hint=_sentences(advice, kept),
        revision=step.revision,
        direction=str(step.direction),
        origin=where,
        directive=statement.directive if statement else None,
        sql=statement.shown if statement else None,
        sqlstate=sqlstate,
        detail=_without(secrets, getattr(error, "detail", None) or "") or None,
        server_hint=_without(secrets, getattr(error, "hint", None) or "") or None,
        constraint=getattr(error, "constraint_name", None),
        table=getattr(error, "table_name", None),
        column=getattr(error, "column_name", None),
        position=_position_in_shown(statement, position),
        phase=phase,
        statement=index,
        applied=applied,
        **(tried if sqlstate in TRANSIENT_STATES else {}),
    )


def retries_exhausted(
    error: StatementFailedError, attempts: int, blockers: tuple[Blocker, ...]
) -> StatementFailedError:
    """The failure of a script that was run several times, with the sessions that blocked it."""
    tries = f" (tried {attempts} times)" if attempts > 1 else ""
    blocked = f"; blocked by {describe_blockers(blockers)}" if blockers else ""
    facts = error.fields() | {
        "attempts": attempts,
        "blockers": [str(blocker) for blocker in blockers],
    }
    return type(error)(
        f"{error}{tries}{blocked}",
        hint=error.hint,
        **facts,
    )


def _failure_of(
    error: asyncpg.PostgresError, step: Step, statement: Statement | None, earlier: Sequence[str]
) -> Failure:
    return Failure(
        sqlstate=str(getattr(error, "sqlstate", "")),
        message=str(getattr(error, "message", None) or error),
        server_hint=getattr(error, "hint", None),
        sql=statement.sql if statement else "",
        directive=statement.directive if statement else None,
        downgrade=step.direction == "downgrade",
        revision=step.revision,
        earlier=earlier,
        empty_history=not step.rows_before,
    )


def server_message(error: asyncpg.PostgresError, statement: Statement | None) -> str:
    """The message of the server in one line, without the secrets of the statement that it answers."""
    secrets = secrets_in(statement.sql) if statement else ()
    return _without(secrets, str(getattr(error, "message", None) or error)).replace("\n", " ")


def _without(secrets: Sequence[str], text: str) -> str:
    """A text of the server without the secrets of the statement that it answers."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def _position_in_shown(statement: Statement | None, position: int | None) -> int | None:
    """The position in the text that is shown, which is another one behind a secret."""
    if statement is None or position is None or statement.shown == statement.sql:
        return position
    return len(mask_secrets(statement.sql[: position - 1])) + 1


def _sentences(advice: str | None, kept: str) -> str:
    """Both as one hint; PostgreSQL ends its hints with a full stop, and asyncmig ends none."""
    if not advice:
        return kept
    return f"{advice} {kept}" if advice.endswith(".") else f"{advice}; {kept}"
