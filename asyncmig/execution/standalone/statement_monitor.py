"""A second connection that watches a concurrent statement while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from asyncmig.database.blockers import read_blockers
from asyncmig.database.concurrency import run_with_monitor
from asyncmig.database.server_errors import DRIVER_ERRORS
from asyncmig.events import LockBlocked, StatementProgress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.work_units import StandaloneStatement

__all__ = ["run_monitored"]

_PROGRESS = """\
SELECT phase,
       CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
            WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total
            WHEN lockers_total > 0 THEN lockers_done::float8 / lockers_total
       END AS fraction
FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1"""

INTERVAL = 0.5


async def run_monitored(
    send: Callable[[], Awaitable[None]], context: ExecutionContext, unit: StandaloneStatement
) -> None:
    """Run a concurrent statement; report the sessions that it waits for, and how far an index is.

    Such a statement waits without a limit for every older transaction. Monitoring is optional: without a
    second connection nothing is reported, and the statement runs all the same.
    """
    pid = context.session.backend_pid
    emit = context.progress.emit
    if pid is None:
        await send()
        return

    async def monitor() -> None:
        waited_for: tuple[int, ...] = ()
        await anyio.sleep(INTERVAL)
        async with context.database.observer() as observer:
            while observer is not None:
                try:
                    blockers = await read_blockers(observer, pid)
                    rows = await observer.fetch(_PROGRESS, pid)
                except DRIVER_ERRORS:
                    return
                for row in rows:
                    emit(
                        StatementProgress(
                            revision=unit.step.revision,
                            sql=unit.statement.shown,
                            fraction=row["fraction"],
                            stage=row["phase"],
                        )
                    )
                pids = tuple(blocker.pid for blocker in blockers)
                if pids and pids != waited_for:
                    emit(LockBlocked(blockers=blockers))
                waited_for = pids
                await anyio.sleep(INTERVAL)

    await run_with_monitor(send, monitor)
