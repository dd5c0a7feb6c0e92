"""Statements that were interrupted outside a transaction: what the catalogs say of them, and their repair.

The journal shows that a statement was about to run, and not that it ended: the process, the connection
or the server died in between. Most such statements leave a trace in the catalogs, or may run again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.errors import PartiallyAppliedError
from asyncmig.execution.standalone.catalog_queries import (
    DETACH,
    INDEX,
    OF_A_RELATION,
    OF_A_SCHEMA,
    OF_THE_DATABASE,
)
from asyncmig.execution.standalone.invalid_index_repair import drop_leftover_indexes
from asyncmig.sql.classify import classify, may_commit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.database.session import Session
    from asyncmig.execution.work_units import StandaloneStatement
    from asyncmig.sql.classify import Classification

__all__ = ["is_done"]


class Verdict(StrEnum):
    """What became of an interrupted statement."""

    DONE = "done"
    AGAIN = "again"
    UNKNOWN = "unknown"


async def is_done(session: Session, unit: StandaloneStatement) -> bool:
    """Look whether an earlier attempt has done a statement, and repair what it left incomplete.

    An index that REINDEX CONCURRENTLY left is dropped, a pending detach is finished.

    Raises:
        PartiallyAppliedError: the statement leaves no trace to look for.
    """
    facts = classify(unit.statement.sql)
    interrupted = unit.previous is PreviousAttempt.INTERRUPTED
    failed = unit.previous in {PreviousAttempt.ENDED, PreviousAttempt.FAILED}
    if unit.previous is PreviousAttempt.FAILED and may_commit(unit.statement.sql):
        raise _undecidable(unit, "failed in a statement that may have committed a part of its work")
    if not (interrupted or (failed and facts.verb in _LEAVES_PARTIAL_INDEX)):
        return False
    check = _CHECKS.get(facts.verb)
    verdict = Verdict.UNKNOWN if check is None else await check(session, facts)
    if verdict is Verdict.UNKNOWN and interrupted:
        raise _undecidable(unit, "was interrupted in a statement that leaves no trace to look for")
    return verdict is Verdict.DONE


def _undecidable(unit: StandaloneStatement, what: str) -> PartiallyAppliedError:
    revision, statement = unit.step.revision, unit.statement
    return PartiallyAppliedError(
        f"revision {revision} {what} ({statement.origin}): did it run?",
        hint=f"check, then record it: `asyncmig resolve {revision} --done` if it ran, `--retry` if not",
        revision=revision,
        origin=statement.origin,
        sql=statement.shown,
        phase=unit.phase,
        statement=unit.index,
    )


async def _check_create_index(session: Session, facts: Classification) -> Verdict:
    if facts.object is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(INDEX, facts.object.sql)
    return Verdict.DONE if rows and rows[0]["valid"] else Verdict.AGAIN


async def _check_drop_index(session: Session, facts: Classification) -> Verdict:
    gone = [not await session.fetch(INDEX, name.sql) for name in facts.objects]
    return Verdict.DONE if gone and all(gone) else Verdict.AGAIN


async def _check_reindex(session: Session, facts: Classification) -> Verdict:
    for name in facts.objects:
        await drop_leftover_indexes(session, OF_A_RELATION, name.sql)
    return Verdict.AGAIN


async def _check_reindex_schema(session: Session, facts: Classification) -> Verdict:
    for schema in facts.objects:
        await drop_leftover_indexes(session, OF_A_SCHEMA, schema.name)
    return Verdict.AGAIN


async def _check_reindex_database(session: Session, _facts: Classification) -> Verdict:
    await drop_leftover_indexes(session, OF_THE_DATABASE)
    return Verdict.AGAIN


async def _check_detach(session: Session, facts: Classification) -> Verdict:
    child, parent = facts.object, facts.table
    if child is None or parent is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(DETACH, child.sql, parent.sql)
    if not rows:
        return Verdict.DONE
    if rows[0]["pending"]:
        await session.send(f"ALTER TABLE {parent.sql} DETACH PARTITION {child.sql} FINALIZE")
        return Verdict.DONE
    return Verdict.AGAIN


async def _check_database(session: Session, facts: Classification) -> Verdict:
    return await _check_shared_object(session, facts, "pg_database", "datname")


async def _check_tablespace(session: Session, facts: Classification) -> Verdict:
    return await _check_shared_object(session, facts, "pg_tablespace", "spcname")


async def _check_subscription(session: Session, facts: Classification) -> Verdict:
    return await _check_shared_object(session, facts, "pg_subscription", "subname")


async def _check_shared_object(
    session: Session, facts: Classification, catalog: str, column: str
) -> Verdict:
    if facts.object is None:
        return Verdict.UNKNOWN
    wanted = facts.verb.startswith("CREATE")
    # a DROP DATABASE that was cut off leaves a database that can only be dropped again
    whole = " AND datconnlimit <> -2" if catalog == "pg_database" and wanted else ""
    rows = await session.fetch(
        f"SELECT FROM pg_catalog.{catalog} WHERE {column} = $1{whole}", facts.object.name
    )
    return Verdict.DONE if bool(rows) is wanted else Verdict.AGAIN


async def _execute_again(_session: Session, _facts: Classification) -> Verdict:
    return Verdict.AGAIN


_CHECKS: dict[str, Callable[[Session, Classification], Awaitable[Verdict]]] = {
    "CREATE INDEX": _check_create_index,
    "DROP INDEX": _check_drop_index,
    "REINDEX INDEX": _check_reindex,
    "REINDEX TABLE": _check_reindex,
    "ALTER TABLE DETACH PARTITION": _check_detach,
    "CREATE DATABASE": _check_database,
    "DROP DATABASE": _check_database,
    "CREATE TABLESPACE": _check_tablespace,
    "DROP TABLESPACE": _check_tablespace,
    # these may run twice
    "VACUUM": _execute_again,
    "ANALYZE": _execute_again,
    "CLUSTER": _execute_again,
    "ALTER SYSTEM": _execute_again,
    "ALTER DATABASE": _execute_again,
    "DISCARD ALL": _execute_again,
    "REINDEX SCHEMA": _check_reindex_schema,
    "REINDEX DATABASE": _check_reindex_database,
    "REINDEX SYSTEM": _execute_again,
    "ALTER SUBSCRIPTION": _execute_again,
    "CREATE SUBSCRIPTION": _check_subscription,
    "DROP SUBSCRIPTION": _check_subscription,
}


_LEAVES_PARTIAL_INDEX = frozenset(
    {
        "ALTER TABLE DETACH PARTITION",
        "REINDEX DATABASE",
        "REINDEX INDEX",
        "REINDEX SCHEMA",
        "REINDEX TABLE",
    }
)
"""Verbs whose CONCURRENTLY leaves something behind even where the server refuses the statement."""
