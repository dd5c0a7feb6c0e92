"""Run the cases on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.locks.modes import LockMode, strongest
from asyncmig.locks.observe import Observation, Observer, read_relations
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.classify import classify
from lock_cases.case import BASE, OTHER_INDEX, ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.sql.reader import SqlName
    from lock_cases.case import Case

__all__ = ["measure"]

SCHEMA = "lock_facts"
# a vacuum in the background holds locks for which a statement waits, and its statistics change plans
_WITHOUT_AUTOVACUUM = f"""\
SELECT string_agg(format('ALTER TABLE %s SET (autovacuum_enabled = off)', oid::regclass), ';')
FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind IN ('r', 'm')"""
_OBJECT_LOCKS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}


async def measure(url: str, cases: Iterable[Case]) -> tuple[int, dict[str, dict[str, object]]]:
    """The facts of each case on the server at ``url``, and its major version."""
    connection = await asyncpg.connect(url, statement_cache_size=0)
    watcher = await asyncpg.connect(url, statement_cache_size=0)
    found: dict[str, dict[str, object]] = {}
    try:
        major = connection.get_server_version().major
        for case in cases:
            if major >= case.since:
                found[case.key] = await _measure(connection, watcher, case)
        return major, found
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA}, elsewhere CASCADE")
        await connection.close()
        await watcher.close()


async def _measure(
    connection: asyncpg.Connection, watcher: asyncpg.Connection, case: Case
) -> dict[str, object]:
    await connection.execute(
        f"DROP SCHEMA IF EXISTS {SCHEMA}, elsewhere, other CASCADE; CREATE SCHEMA {SCHEMA}; "
        f"DROP PUBLICATION IF EXISTS b; "
        f"SET search_path = {SCHEMA}; SET client_min_messages = error; {BASE}"
    )
    try:
        await connection.execute(f"{case.setup} SELECT")
        await connection.execute(await connection.fetchval(_WITHOUT_AUTOVACUUM))
        relations = await read_relations(connection)
        observer = Observer(connection, watcher, relations)
        try:
            if classify(case.sql).transactional:
                await observer.start_transaction()
                await connection.execute(case.inside or "SELECT")
                observation = await observer.run(case.sql)
                await observer.end_transaction("ROLLBACK")
            else:
                observation = await observer.run_standalone(case.sql)
        except asyncpg.PostgresError as error:
            await connection.execute("ROLLBACK")
            return {"error": getattr(error, "sqlstate", None)}
        return _facts(observation, case)
    finally:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS plpgsql SCHEMA pg_catalog")


def _role(name: SqlName) -> str:
    return ROLES.get(name.name, OTHER_INDEX)


def _facts(observation: Observation, case: Case) -> dict[str, object]:
    # a statement outside a transaction is polled: locks on indexes that it only passes are seen by chance
    by_chance = not classify(case.sql).transactional and parse_actions(case.sql)[0].index is None
    locks: dict[str, LockMode] = {}
    for name, modes in sorted(observation.locks.items(), key=str):
        mode, role = strongest(modes), _role(name)
        index = role in ("index", OTHER_INDEX)
        if mode is None or (index and by_chance):
            continue
        if role == OTHER_INDEX and mode in _OBJECT_LOCKS:
            continue
        locks[role] = strongest([mode, locks.get(role, mode)]) or mode
    return {
        "locks": {role: mode.value for role, mode in locks.items()},
        "rewrites": sorted({_role(name) for name in observation.rewrites}),
        "scans": sorted({_role(name) for name in observation.scans}),
    }
