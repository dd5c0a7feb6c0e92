"""The repair of invalid indexes that CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY left.

They are dropped before the statement is sent again. An invalid index that no earlier attempt of the revision
can have left is not dropped: the statement is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.execution.standalone.catalog_queries import INDEX, LEFTOVERS
from asyncmig.sql.classify import classify
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.database.session import Session
    from asyncmig.execution.work_units import StandaloneStatement

__all__ = ["drop_leftover_indexes", "remove_invalid_index"]


async def remove_invalid_index(session: Session, unit: StandaloneStatement) -> None:
    """Before an index is built concurrently: drop an invalid one of that name from an earlier attempt.

    ``CREATE INDEX CONCURRENTLY IF NOT EXISTS`` would take it for the index that was asked for.

    Raises:
        StatementFailedError: another session builds it, or no attempt of this revision has made it.
    """
    facts = classify(unit.statement.sql)
    if facts.verb != "CREATE INDEX" or not facts.concurrently or facts.object is None:
        return
    rows = await session.fetch(INDEX, facts.object.sql)
    if not rows or rows[0]["valid"]:
        return
    row = rows[0]
    index = qualified(row["schema"], row["name"])
    if row["building"]:
        raise _blocked(
            unit,
            f"index {index} is being built by another session",
            "wait until it is done, then run the same command again",
        )
    if unit.previous is PreviousAttempt.NONE:
        raise _blocked(
            unit,
            f"there is an invalid index {index} on {row['table_name']}, left by a build that failed",
            f"drop it with `DROP INDEX CONCURRENTLY {index}`, then run the same command again",
        )
    await session.send(f"DROP INDEX CONCURRENTLY {index}")


def _blocked(unit: StandaloneStatement, message: str, hint: str) -> StatementFailedError:
    step, statement = unit.step, unit.statement
    kind = PartiallyAppliedError if unit.phase or unit.index else StatementFailedError
    return kind(
        f"revision {step.revision} stopped at {statement.origin}: {message}",
        hint=hint,
        revision=step.revision,
        direction=str(step.direction),
        origin=statement.origin,
        directive=statement.directive,
        sql=statement.shown,
        phase=unit.phase,
        statement=unit.index,
    )


async def drop_leftover_indexes(session: Session, named: str, *names: str) -> None:
    """Drop the invalid indexes that an interrupted REINDEX CONCURRENTLY left.

    Args:
        session: sends the statements.
        named: the condition of ``catalog_queries`` that says where they are looked for.
        names: of the relation or schema in that condition.
    """
    for row in await session.fetch(LEFTOVERS.format(named=named), *names):
        name = qualified(row["schema"], row["name"])
        await session.send(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
