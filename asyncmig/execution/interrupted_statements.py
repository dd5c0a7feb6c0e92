"""Did it run? What the catalog says of a statement that was interrupted outside a transaction.

The journal shows that a statement was about to run, and not that it ended: the process, the connection
or the server died in between. Most such statements leave a trace that can be looked up, or do no harm
when they run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.sql.classify import classify
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.database.session import Session
    from asyncmig.plan.model import Step
    from asyncmig.sql.classify import Classification
    from asyncmig.sql.statement import Statement

__all__ = ["StatementAttempt", "is_done", "remove_invalid_index"]


class Verdict(StrEnum):
    """What became of an interrupted statement."""

    DONE = "done"
    AGAIN = "again"
    UNKNOWN = "unknown"


_INDEX = """\
SELECT i.indisvalid AS valid, i.indexrelid, n.nspname::text AS schema, c.relname::text AS name,
       i.indrelid::regclass::text AS table_name,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
               WHERE p.index_relid = i.indexrelid AND p.pid <> pg_catalog.pg_backend_pid()) AS building
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indexrelid = pg_catalog.to_regclass($1)"""

# what REINDEX CONCURRENTLY leaves beside the indexes of a table: of its partitions and its TOAST table, too
_LEFTOVERS = """\
WITH RECURSIVE named AS (
{named}
), tables AS (
    SELECT coalesce((SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = named.oid), named.oid)
           AS oid
    FROM named
    UNION
    SELECT inhrelid FROM pg_catalog.pg_inherits JOIN tables ON inhparent = tables.oid
), concerned AS (
    SELECT oid FROM tables
    UNION
    SELECT c.reltoastrelid FROM pg_catalog.pg_class AS c JOIN tables USING (oid)
)
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM concerned
JOIN pg_catalog.pg_index AS i ON i.indrelid = concerned.oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
                  WHERE p.relid = i.indrelid AND p.pid <> pg_catalog.pg_backend_pid())
ORDER BY 1, 2"""

_OF_A_RELATION = "SELECT pg_catalog.to_regclass($1)::oid AS oid"
_OF_A_SCHEMA = """\
SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname = $1"""
_OF_THE_DATABASE = """\
SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_'"""

_DETACH = """\
SELECT inhdetachpending AS pending FROM pg_catalog.pg_inherits
WHERE inhrelid = pg_catalog.to_regclass($1) AND inhparent = pg_catalog.to_regclass($2)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAttempt:
    """A statement that is about to be sent by itself, and what became of it before.

    Attributes:
        step: whose it is.
        phase: its phase's index.
        statement: the statement.
        partial: something of its revision stands committed.
        ours: a try of ours has begun it, so that what it left is ours to clear away.
        interrupted: nobody has seen the end of that try.
    """

    step: Step
    phase: int
    statement: Statement
    partial: bool
    ours: bool
    interrupted: bool


async def is_done(session: Session, attempt: StatementAttempt) -> bool:
    """Look whether an earlier try has done a statement, and put right what half of it left behind.

    Raises:
        PartiallyAppliedError: nobody can tell.
    """
    facts = classify(attempt.statement.sql)
    if not (attempt.interrupted or (attempt.ours and facts.verb in _LEAVES_PARTIAL_INDEX)):
        return False
    verdict = await _check(session, facts)
    if verdict is Verdict.UNKNOWN and attempt.interrupted:
        raise _undecidable(attempt)
    return verdict is Verdict.DONE


async def _check(session: Session, facts: Classification) -> Verdict:
    """Look up what became of a statement whose end nobody has seen.

    What half of it left behind is put right on the way: an invalid index is dropped, a detach that
    was left pending is finished.
    """
    found = _JUDGES.get(facts.verb)
    return Verdict.UNKNOWN if found is None else await found(session, facts)


def _undecidable(attempt: StatementAttempt) -> PartiallyAppliedError:
    """Nobody can say whether an interrupted statement ran: a person has to."""
    step, statement = attempt.step, attempt.statement
    return PartiallyAppliedError(
        f"revision {step.revision} was interrupted in a statement that leaves no trace to look for "
        f"({statement.origin}): did it run?",
        hint=(
            f"look, then say: `asyncmig resolve {step.revision} --done` if it did, `--retry` if not"
        ),
        revision=step.revision,
        origin=statement.origin,
        sql=statement.sql,
        phase=attempt.phase,
    )


async def remove_invalid_index(session: Session, attempt: StatementAttempt) -> None:
    """Before an index is built concurrently: an invalid one of that name must not be in its way.

    ``CREATE INDEX CONCURRENTLY IF NOT EXISTS`` would take it for the index that was asked for.

    Raises:
        StatementFailedError: there is one that is not ours, or somebody is building it.
    """
    facts = classify(attempt.statement.sql)
    if facts.verb != "CREATE INDEX" or not facts.concurrently or facts.object is None:
        return
    rows = await session.fetch(_INDEX, facts.object.sql)
    if not rows or rows[0]["valid"]:
        return
    row = rows[0]
    index = qualified(row["schema"], row["name"])
    if row["building"]:
        raise _cannot_repair(
            attempt,
            f"index {index} is being built by another session",
            "wait until it is done, then run the same command again",
        )
    if not attempt.ours:
        raise _cannot_repair(
            attempt,
            f"there is an invalid index {index} on {row['table_name']}, left by a build that failed",
            f"drop it with `DROP INDEX CONCURRENTLY {index}`, then run the same command again",
        )
    await session.send(f"DROP INDEX CONCURRENTLY {index}")


def _cannot_repair(attempt: StatementAttempt, message: str, hint: str) -> StatementFailedError:
    step, statement = attempt.step, attempt.statement
    kind = PartiallyAppliedError if attempt.partial else StatementFailedError
    return kind(
        f"revision {step.revision} stopped at {statement.origin}: {message}",
        hint=hint,
        revision=step.revision,
        direction=str(step.direction),
        origin=statement.origin,
        directive=statement.directive,
        sql=statement.sql,
        phase=attempt.phase,
    )


async def _check_create_index(session: Session, facts: Classification) -> Verdict:
    if facts.object is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(_INDEX, facts.object.sql)
    return Verdict.DONE if rows and rows[0]["valid"] else Verdict.AGAIN


async def _check_drop_index(session: Session, facts: Classification) -> Verdict:
    gone = [not await session.fetch(_INDEX, name.sql) for name in facts.objects]
    return Verdict.DONE if gone and all(gone) else Verdict.AGAIN


async def _check_reindex(session: Session, facts: Classification) -> Verdict:
    for name in facts.objects:
        await _drop_leftovers(session, _OF_A_RELATION, name.sql)
    return Verdict.AGAIN


async def _check_reindex_schema(session: Session, facts: Classification) -> Verdict:
    for schema in facts.objects:
        await _drop_leftovers(session, _OF_A_SCHEMA, schema.name)
    return Verdict.AGAIN


async def _check_reindex_database(session: Session, _facts: Classification) -> Verdict:
    await _drop_leftovers(session, _OF_THE_DATABASE)
    return Verdict.AGAIN


async def _drop_leftovers(session: Session, named: str, *names: str) -> None:
    for row in await session.fetch(_LEFTOVERS.format(named=named), *names):
        name = qualified(row["schema"], row["name"])
        await session.send(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


async def _check_detach(session: Session, facts: Classification) -> Verdict:
    child, parent = facts.object, facts.table
    if child is None or parent is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(_DETACH, child.sql, parent.sql)
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


_JUDGES: dict[str, Callable[[Session, Classification], Awaitable[Verdict]]] = {
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
