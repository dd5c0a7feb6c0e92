"""Did it run? What the catalog says of a statement that was interrupted outside a transaction.

The journal shows that a statement was about to run, and not that it ended: the process, the connection
or the server died in between. Most such statements leave a trace that can be looked up, or do no harm
when they run again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.engine.quoting import identifier, qualified
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.engine.session import Session
    from asyncmig.plan.model import Step
    from asyncmig.sql.classify import Classification, ObjectName
    from asyncmig.sql.statement import Statement

__all__ = ["Verdict", "clear_way", "judge", "undecidable"]


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

# what REINDEX CONCURRENTLY and a failed build leave beside a relation
_LEFTOVERS = """\
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND i.indrelid IN (
      SELECT pg_catalog.to_regclass($1) UNION
      SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass($1))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
                  WHERE p.relid = i.indrelid AND p.pid <> pg_catalog.pg_backend_pid())"""

_DETACH = """\
SELECT inhdetachpending AS pending FROM pg_catalog.pg_inherits
WHERE inhrelid = pg_catalog.to_regclass($1) AND inhparent = pg_catalog.to_regclass($2)"""


async def judge(session: Session, statement: Statement) -> Verdict:
    """Look up what became of a statement whose end nobody has seen.

    What half of it left behind is put right on the way: an invalid index is dropped, a detach that
    was left pending is finished.
    """
    facts = classify(statement.sql)
    found = _JUDGES.get(facts.verb)
    if found is None:
        return Verdict.UNKNOWN
    return await found(session, facts)


def undecidable(step: Step, phase: int, statement: Statement) -> PartiallyAppliedError:
    """Nobody can say whether an interrupted statement ran: a person has to."""
    return PartiallyAppliedError(
        f"revision {step.revision} was interrupted in a statement that leaves no trace to look for "
        f"({statement.origin}): did it run?",
        hint=(
            f"look, then say: `asyncmig resolve {step.revision} --done` if it did, `--retry` if not"
        ),
        revision=step.revision,
        origin=statement.origin,
        sql=statement.sql,
        phase=phase,
    )


async def clear_way(session: Session, statement: Statement, *, ours: bool) -> None:
    """Before an index is built concurrently: an invalid one of that name must not be in its way.

    ``CREATE INDEX CONCURRENTLY IF NOT EXISTS`` would take it for the index that was asked for.

    Args:
        session: the migrating one.
        statement: what is about to run.
        ours: a run of ours was interrupted in this statement, so what it left is dropped.

    Raises:
        StatementFailedError: there is an invalid index that is not ours.
    """
    facts = classify(statement.sql)
    name = _index_name(facts)
    if facts.verb != "CREATE INDEX" or not facts.concurrently or name is None:
        return
    rows = await session.fetch(_INDEX, name)
    if not rows or rows[0]["valid"]:
        return
    row = rows[0]
    index = qualified(row["schema"], row["name"])
    if row["building"]:
        raise StatementFailedError(
            f"index {index} is being built by another session",
            hint="wait until it is done, then run the same command again",
            origin=statement.origin,
            sql=statement.sql,
        )
    if not ours:
        raise StatementFailedError(
            f"there is an invalid index {index} on {row['table_name']}, left by a build that failed",
            hint=f"drop it with `DROP INDEX CONCURRENTLY {index}`, then run the same command again",
            origin=statement.origin,
            sql=statement.sql,
        )
    await session.send(f"DROP INDEX CONCURRENTLY {index}")


async def _judge_create_index(session: Session, facts: Classification) -> Verdict:
    name = _index_name(facts)
    if name is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(_INDEX, name)
    return Verdict.DONE if rows and rows[0]["valid"] else Verdict.AGAIN


async def _judge_drop_index(session: Session, facts: Classification) -> Verdict:
    gone = [not await session.fetch(_INDEX, _sql_name(name)) for name in facts.objects]
    return Verdict.DONE if gone and all(gone) else Verdict.AGAIN


async def _judge_reindex(session: Session, facts: Classification) -> Verdict:
    for name in facts.objects:
        for row in await session.fetch(_LEFTOVERS, _sql_name(name)):
            await session.send(
                f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(row['schema'], row['name'])}"
            )
    return Verdict.AGAIN


async def _judge_detach(session: Session, facts: Classification) -> Verdict:
    child, parent = facts.object, facts.table
    if child is None or parent is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(_DETACH, _sql_name(child), _sql_name(parent))
    if not rows:
        return Verdict.DONE
    if rows[0]["pending"]:
        await session.send(
            f"ALTER TABLE {_sql_name(parent)} DETACH PARTITION {_sql_name(child)} FINALIZE"
        )
        return Verdict.DONE
    return Verdict.AGAIN


async def _judge_database(session: Session, facts: Classification) -> Verdict:
    return await _judge_shared(session, facts, "pg_database", "datname")


async def _judge_tablespace(session: Session, facts: Classification) -> Verdict:
    return await _judge_shared(session, facts, "pg_tablespace", "spcname")


async def _judge_subscription(session: Session, facts: Classification) -> Verdict:
    return await _judge_shared(session, facts, "pg_subscription", "subname")


async def _judge_shared(
    session: Session, facts: Classification, catalog: str, column: str
) -> Verdict:
    if facts.object is None:
        return Verdict.UNKNOWN
    rows = await session.fetch(
        f"SELECT FROM pg_catalog.{catalog} WHERE {column} = $1", facts.object.name
    )
    wanted = facts.verb.startswith("CREATE")
    return Verdict.DONE if bool(rows) is wanted else Verdict.AGAIN


async def _again(_session: Session, _facts: Classification) -> Verdict:
    return Verdict.AGAIN


_JUDGES: dict[str, Callable[[Session, Classification], Awaitable[Verdict]]] = {
    "CREATE INDEX": _judge_create_index,
    "DROP INDEX": _judge_drop_index,
    "REINDEX INDEX": _judge_reindex,
    "REINDEX TABLE": _judge_reindex,
    "ALTER TABLE DETACH PARTITION": _judge_detach,
    "CREATE DATABASE": _judge_database,
    "DROP DATABASE": _judge_database,
    "CREATE TABLESPACE": _judge_tablespace,
    "DROP TABLESPACE": _judge_tablespace,
    # these may run twice
    "VACUUM": _again,
    "ANALYZE": _again,
    "CLUSTER": _again,
    "ALTER SYSTEM": _again,
    "ALTER DATABASE": _again,
    "DISCARD ALL": _again,
    "REINDEX SCHEMA": _again,
    "REINDEX DATABASE": _again,
    "REINDEX SYSTEM": _again,
    "ALTER SUBSCRIPTION": _again,
    "CREATE SUBSCRIPTION": _judge_subscription,
    "DROP SUBSCRIPTION": _judge_subscription,
}


def _index_name(facts: Classification) -> str | None:
    """The new index's name; it is made in its table's schema."""
    if facts.object is None:
        return None
    schema = facts.object.schema or (facts.table.schema if facts.table else None)
    return qualified(schema, facts.object.name)


def _sql_name(name: ObjectName) -> str:
    return (
        f"{identifier(name.schema)}.{identifier(name.name)}"
        if name.schema
        else identifier(name.name)
    )
