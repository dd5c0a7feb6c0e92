"""Looking on from a second connection while a statement of ours runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.database.blockers import read_blockers
from asyncmig.database.concurrency import run_with_monitor
from asyncmig.events import LockBlocked, StatementProgress
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event

__all__ = ["run_watched"]

_PROGRESS = """\
SELECT phase,
       CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
            WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total
            WHEN lockers_total > 0 THEN lockers_done::float8 / lockers_total
       END AS fraction
FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1"""

INTERVAL = 0.5


async def run_watched(
    send: Callable[[], Awaitable[None]],
    database: Database,
    session: Session,
    revision: str,
    sql: str,
    emit: Callable[[Event], None],
) -> None:
    """Run a statement that works concurrently; tell whom it waits for, and how far an index is.

    Such a statement waits without a limit for every older transaction. The looking is optional: no
    second connection, no word, and the statement runs all the same.
    """
    pid = session.backend_pid
    if pid is None or not classify(sql).concurrently:
        await send()
        return

    async def look() -> None:
        waited_for: tuple[int, ...] = ()
        await anyio.sleep(INTERVAL)
        async with database.observer() as observer:
            while observer is not None:
                try:
                    blockers = await read_blockers(observer, pid)
                    rows = await observer.fetch(_PROGRESS, pid)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    return
                for row in rows:
                    emit(
                        StatementProgress(
                            revision=revision, sql=sql, fraction=row["fraction"], stage=row["phase"]
                        )
                    )
                pids = tuple(blocker.pid for blocker in blockers)
                if pids and pids != waited_for:
                    emit(LockBlocked(blockers=blockers))
                waited_for = pids
                await anyio.sleep(INTERVAL)

    await run_with_monitor(send, look)
