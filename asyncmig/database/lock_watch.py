"""How long the phases of a run waited for locks, and how long they held their strongest one.

A second connection samples ``pg_locks`` while a message takes longer than a moment; what is quicker costs
nothing and has no samples: its locks were held for no longer than the phase took. The samples are written
into the journal's rows at the end of the run. Relations that the run itself creates are invisible to the
second connection until they are committed, and so they do not count.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from asyncmig.database.server_errors import DRIVER_ERRORS
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import asyncpg

    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["HeldLock", "LockWatch"]

FIRST_LOOK = 0.25
"""Seconds before the first sample; a message that is quicker has none."""
INTERVAL = 0.1
LONGEST_INTERVAL = 1.0

_STRONG = (
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""The modes that no query and no DML takes, the weakest first."""

_SAMPLE = """\
SELECT l.granted, l.mode, n.nspname::text AS schema, c.relname::text AS name,
       extract(epoch FROM l.waitstart)::float8 AS waiting_since,
       extract(epoch FROM a.xact_start)::float8 AS began,
       extract(epoch FROM clock_timestamp())::float8 AS now
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.pid = $1
  AND (NOT l.granted OR l.mode = ANY ($2) AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
                        AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema'))"""


@dataclass(slots=True)
class HeldLock:
    """The strongest lock of a transaction, and the first sample in which it was granted."""

    mode: str
    relation: SqlName
    since: float


class LockWatch:
    """Samples the locks of a run's session.

    Args:
        database: opens the second connection, when it is first needed; without one nothing is sampled.
        session: the connection that migrates.
        own: the names of the version table and the journal, whose locks do not count.
    """

    def __init__(self, database: Database, session: Session, own: Sequence[str]) -> None:
        self.waits: dict[float, float] = {}
        """When a wait began, and how long it had lasted at the last sample."""
        self.held: dict[float | None, HeldLock] = {}
        """By the time at which the transaction began."""
        self._database = database
        self._session = session
        self._own = frozenset(own)
        self._resources = AsyncExitStack()
        self._observer: asyncpg.Connection | None = None
        self._opened = False

    def note_timeout(self, seconds: float) -> None:
        """An attempt has just ended that had waited so long for a lock; most are too short for a sample."""
        self.waits[time.time() - seconds] = seconds

    async def during(self, send: Callable[[], Awaitable[None]]) -> None:
        """Run ``send``, and sample while it takes."""
        if self._session.backend_pid is None or self._session.caller_transaction:
            await send()
            return
        # Not a task group: a script may drive the coroutine by hand and drop it; no scope can be left then.
        # The task begins with the first sample, because most messages are over by then.
        sampling: asyncio.Task[None] | None = None

        def begin() -> None:
            nonlocal sampling
            sampling = asyncio.create_task(self._sample())

        timer = asyncio.get_running_loop().call_later(FIRST_LOOK, begin)
        try:
            await send()
        except GeneratorExit:
            timer.cancel()
            if sampling is not None:
                sampling.cancel()
            raise
        except BaseException:
            timer.cancel()
            await _end(sampling)
            raise
        timer.cancel()
        await _end(sampling)

    async def _sample(self) -> None:
        pause = INTERVAL
        if not self._opened:
            self._opened = True
            self._observer = await self._resources.enter_async_context(self._database.observer())
        while self._observer is not None:
            try:
                rows = await self._observer.fetch(_SAMPLE, self._session.backend_pid, list(_STRONG))
            except DRIVER_ERRORS:
                return
            for row in rows:
                self._note(row)
            await anyio.sleep(pause)
            pause = min(pause * 1.2, LONGEST_INTERVAL)

    def _note(self, row: asyncpg.Record) -> None:
        if not row["granted"]:
            if (since := row["waiting_since"]) is not None:
                self.waits[since] = max(row["now"] - since, self.waits.get(since, 0.0))
        elif row["name"] not in self._own:
            known = self.held.get(row["began"])
            if known is None or _STRONG.index(row["mode"]) > _STRONG.index(known.mode):
                name = SqlName(row["schema"], row["name"])
                self.held[row["began"]] = HeldLock(row["mode"], name, row["now"])

    async def close(self) -> None:
        """Close the second connection."""
        await self._resources.aclose()


async def _end(sampling: asyncio.Task[None] | None) -> None:
    """Cancel the task, if it has begun, and wait for its end: its connection is used again."""
    if sampling is None:
        return
    sampling.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait([sampling])
    if not sampling.cancelled() and (error := sampling.exception()) is not None:
        raise error
