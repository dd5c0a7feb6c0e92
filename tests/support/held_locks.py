"""Which relations a plan locks while it reads them, as the server shows it in pg_locks and its statistics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from asyncmig.plan.model import PhaseKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.plan.model import Phase

STRONG = frozenset({"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"})

_RELATIONS = """\
SELECT oid, oid::regclass::text AS name, relkind FROM pg_class
WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'public'::regnamespace"""
_LOCKS = """\
SELECT relation, mode FROM pg_locks
WHERE pid = $1 AND locktype = 'relation' AND granted AND mode = ANY ($2)"""
_READ = """\
SELECT relid, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS scans, pg_relation_filenode(relid) AS file
FROM pg_stat_xact_all_tables WHERE schemaname = 'public'"""
"""A table that is rewritten has another file; its own scan is not counted."""


class Held(NamedTuple):
    """A relation that was read while a strong lock on it was held."""

    relation: str
    mode: str


async def held_through_scans(url: str, phases: Iterable[Phase]) -> set[Held]:
    """Run the phases, and look after each statement what is locked and what was read.

    While a statement outside a transaction waits for another session, its locks are read from a third.
    """
    connection = await asyncpg.connect(url)
    try:
        before = {row["oid"]: row["name"] for row in await connection.fetch(_RELATIONS)}
        found: set[Held] = set()
        for phase in phases:
            if phase.kind is not PhaseKind.AUTOCOMMIT:  # a batch is a transaction
                found |= await _transaction(connection, phase, before)
            else:
                for statement in phase.statements:
                    found |= await _standalone(url, connection, statement.sql, before)
        return found
    finally:
        await connection.close()


async def _transaction(
    connection: asyncpg.Connection, phase: Phase, before: dict[int, str]
) -> set[Held]:
    found = set()
    pid = connection.get_server_pid()
    async with connection.transaction():
        for statement in phase.statements:
            earlier = {row["relid"]: row for row in await connection.fetch(_READ)}
            await connection.execute(statement.sql)
            scanned = {
                row["relid"]
                for row in await connection.fetch(_READ)
                if row["relid"] in earlier
                and (row["scans"], row["file"]) != tuple(earlier[row["relid"]])[1:]
            }
            for row in await connection.fetch(_LOCKS, pid, list(STRONG)):
                if row["relation"] in scanned and row["relation"] in before:
                    found.add(Held(before[row["relation"]], row["mode"]))
    return found


async def _standalone(
    url: str, connection: asyncpg.Connection, sql: str, before: dict[int, str]
) -> set[Held]:
    """A concurrent statement reads its table while it waits for a session that has read it before."""
    reader, observer = await asyncpg.connect(url), await asyncpg.connect(url)
    found = set()
    try:
        transaction = reader.transaction(isolation="repeatable_read")
        await transaction.start()
        for name in before.values():
            if "thick" not in name:
                await reader.execute(f"SELECT FROM {name} LIMIT 1")
        pid = connection.get_server_pid()
        task = asyncio.ensure_future(connection.execute(sql))
        waited = False
        while not task.done() and not waited:
            waited = await observer.fetchval(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1", pid
            )
            for row in await observer.fetch(_LOCKS, pid, list(STRONG)):
                if row["relation"] in before:
                    found.add(Held(before[row["relation"]], row["mode"]))
        await transaction.rollback()
        await task
        assert waited, f"it does not wait for readers: {sql}"
    finally:
        await reader.close()
        await observer.close()
    return found
