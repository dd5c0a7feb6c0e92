"""Watching a long concurrent index build from a second connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import asyncpg

from asyncmig.events import StatementProgress
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from asyncmig.engine.database import Database
    from asyncmig.engine.session import Session
    from asyncmig.events import Event

__all__ = ["alongside", "run_watched"]

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
    """Run a statement; while it builds an index concurrently, tell how far it is.

    The looking is optional: no second connection, no progress, and the statement runs all the same.
    """
    facts = classify(sql)
    if not (facts.concurrently and "INDEX" in facts.verb):
        await send()
        return
    pid = session.driver.get_server_pid()

    async def look() -> None:
        await anyio.sleep(INTERVAL)
        async with database.observer() as observer:
            while observer is not None:
                try:
                    rows = await observer.fetch(_PROGRESS, pid)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    return
                for row in rows:
                    emit(
                        StatementProgress(
                            revision=revision, sql=sql, fraction=row["fraction"], stage=row["phase"]
                        )
                    )
                await anyio.sleep(INTERVAL)

    await alongside(send, look)


async def alongside(
    send: Callable[[], Awaitable[None]], look: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run ``send``; ``look`` may go on as long as it does. What ``send`` raises comes out as it is."""
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(look)
        try:
            await send()
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
