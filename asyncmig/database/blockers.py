"""The sessions that block a statement, read over a second connection while it waits for a lock.

They are read shortly before the lock timeout: afterwards the server no longer knows them. Where the timeout
was too short for that, the sessions that hold a lock on what the statement names are reported.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.database.concurrency import run_with_monitor
from asyncmig.database.server_errors import DRIVER_ERRORS, sqlstate_of
from asyncmig.errors import ConnectionLostError
from asyncmig.events import Blocker
from asyncmig.sql.names import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session

__all__ = ["BlockerWatch", "exclusive_holders", "holders", "holders_after", "read_blockers"]

_SESSION = """\
SELECT a.pid, a.application_name, a.usename::text AS role, a.state, a.backend_type,
       extract(epoch FROM clock_timestamp() - a.query_start)::float8 AS query_age,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_age,"""

_BLOCKERS = f"""\
{_SESSION}
       (SELECT l.relation::regclass::text FROM pg_catalog.pg_locks AS l
        WHERE l.pid = $1 AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) AS relation
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1))
ORDER BY a.xact_start"""

# an index that is named is locked with its table
_HOLDERS = f"""\
WITH named AS (
    SELECT pg_catalog.to_regclass(name)::oid AS relation FROM pg_catalog.unnest($1::text[]) AS name
), concerned AS (
    SELECT relation FROM named WHERE relation IS NOT NULL
    UNION SELECT i.indrelid FROM pg_catalog.pg_index AS i JOIN named ON i.indexrelid = relation
), held AS (
    SELECT l.pid, min(l.relation::regclass::text) AS relation
    FROM pg_catalog.pg_locks AS l JOIN concerned AS c ON c.relation = l.relation
    WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database
                        WHERE datname = pg_catalog.current_database())
    GROUP BY l.pid
)
{_SESSION} held.relation
FROM held JOIN pg_catalog.pg_stat_activity AS a USING (pid)
ORDER BY a.xact_start LIMIT 5"""

# all that a SELECT, and the use of a type or function, waits for
_EXCLUSIVE = f"""\
WITH held AS (
    SELECT l.pid, min(coalesce(c.oid::regclass::text,
                               pg_catalog.pg_describe_object(l.classid, l.objid, 0))) AS relation
    FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
    WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid()
      AND (l.locktype = 'object' OR c.relkind IN ('r', 'p', 'v', 'm', 'f'))
      AND l.database = (SELECT oid FROM pg_catalog.pg_database
                        WHERE datname = pg_catalog.current_database())
    GROUP BY l.pid
)
{_SESSION} held.relation
FROM held JOIN pg_catalog.pg_stat_activity AS a USING (pid)
ORDER BY a.xact_start LIMIT 5"""

SHARE_OF_THE_WAIT = 0.7
LONGEST_BEFORE = 0.3
LOCK_NOT_AVAILABLE = "55P03"
WITHOUT_LIMIT = 1.0


async def read_blockers(observer: asyncpg.Connection, pid: int) -> tuple[Blocker, ...]:
    """The sessions that block a server process."""
    return tuple(_blocker(row) for row in await observer.fetch(_BLOCKERS, pid))


async def holders_after(
    error: BaseException | None, session: Session, statements: Iterable[str]
) -> tuple[Blocker, ...]:
    """The sessions that hold locks on what statements name, after one of them was refused a lock.

    The names are looked up as the migrating session sees them; its transaction must be rolled back.

    Returns:
        At most five, the oldest first; none after another error, or where the session is closed.
    """
    if error is None or sqlstate_of(error) != LOCK_NOT_AVAILABLE or session.closed:
        return ()
    try:
        return await holders(session, statements)
    except (asyncpg.PostgresError, ConnectionLostError):
        return ()


async def holders(session: Session, statements: Iterable[str]) -> tuple[Blocker, ...]:
    """The other sessions that hold locks on what statements name; at most five, the oldest first."""
    names = frozenset[str]().union(
        *({name.sql for name in mentioned_names(sql)} for sql in statements)
    )
    return tuple(_blocker(row) for row in await session.fetch(_HOLDERS, sorted(names)))


async def exclusive_holders(session: Session) -> tuple[Blocker, ...]:
    """The other sessions with ACCESS EXCLUSIVE locks in this database; at most five, the oldest first."""
    return tuple(_blocker(row) for row in await session.fetch(_EXCLUSIVE))


def _blocker(row: asyncpg.Record) -> Blocker:
    return Blocker(
        pid=row["pid"],
        application=row["application_name"] or None,
        role=row["role"],
        state=row["state"],
        kind=row["backend_type"],
        query_age=row["query_age"],
        transaction_age=row["transaction_age"],
        relation=row["relation"],
    )


class BlockerWatch:
    """Watches statements over one second connection, and keeps the sessions that block them.

    Watching is optional: without a second connection no blocker is reported.
    """

    def __init__(
        self,
        database: Database,
        session: Session,
        found: Callable[[tuple[Blocker, ...]], None],
    ) -> None:
        self.blockers: tuple[Blocker, ...] = ()
        self._database = database
        self._session = session
        self._found = found
        self._resources = AsyncExitStack()
        self._observer: asyncpg.Connection | None = None
        self._opened = False

    async def close(self) -> None:
        """Close the second connection."""
        await self._resources.aclose()

    async def open(self) -> asyncpg.Connection | None:
        """The second connection, opened when it is first needed; None where there can be none."""
        if not self._opened:
            self._opened = True
            self._observer = await self._resources.enter_async_context(self._database.observer())
        return self._observer

    async def during(self, send: Callable[[], Awaitable[None]], timeout: float | None) -> None:  # noqa: ASYNC109 - the server's
        """Run ``send``, and read its blockers shortly before ``timeout`` seconds are over."""
        self.blockers = ()
        pid = self._session.backend_pid
        if pid is None:
            await send()
            return
        first = (
            max(timeout * SHARE_OF_THE_WAIT, timeout - LONGEST_BEFORE) if timeout else WITHOUT_LIMIT
        )

        async def look() -> None:
            pause = first
            while True:
                await anyio.sleep(pause)
                # a phase may wait for several locks, one after the other
                pause = min(first, WITHOUT_LIMIT)
                observer = await self.open()
                if observer is None:
                    return
                try:
                    found = await read_blockers(observer, pid)
                except DRIVER_ERRORS:
                    return
                if found:
                    self.blockers = found
                    self._found(found)

        await run_with_monitor(send, look)

    async def afterwards(self, error: asyncpg.PostgresError, statements: Iterable[str]) -> None:
        """Find who may have blocked statements that were refused a lock, if no blocker was read in time."""
        if not self.blockers:
            self.blockers = await holders_after(error, self._session, statements)
