"""One runner at a time: a session advisory lock, taken by polling.

A session that waits *inside* ``pg_advisory_lock()`` holds a snapshot, and the CREATE INDEX CONCURRENTLY
of the lock's holder waits for that snapshot: a deadlock. ``pg_try_advisory_lock`` returns at once and
leaves nothing behind, so a waiter that polls blocks no other session.
"""

from __future__ import annotations

import hashlib
import random
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.database.session import ANSWER_SECONDS, pooling_error
from asyncmig.errors import LockNotAcquiredError
from asyncmig.events import LockAcquired, LockWaiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event

__all__ = ["lock_key", "runner_lock"]

_HOLDER = """\
SELECT a.pid, a.application_name, a.client_addr::text AS client,
       extract(epoch FROM clock_timestamp() - a.backend_start)::float8 AS since
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = $1"""

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
ROUNDS = 3
GRACE = 3.0
"""The same behind the end of ``lock_wait``."""
HOLDER_INTERVAL = 5.0
"""Seconds between two looks for the holder; the lock itself is polled more often."""


def lock_key(settings: Settings, schema: str | None) -> int:
    """The key of the runner's lock: for one version table the same in every process, on every machine.

    Args:
        settings: the version table's name.
        schema: where it is, or would be created, as the server finds it.

    Returns:
        A signed 64-bit integer from SHA-256 of the two; advisory locks are a database's own.
    """
    name = f"asyncmig\0{schema or ''}\0{settings.version_table}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@asynccontextmanager
async def runner_lock(
    session: Session,
    database: Database,
    settings: Settings,
    emit: Callable[[Event], None],
    *,
    schema: str | None,
) -> AsyncIterator[None]:
    """Hold the runner's lock for the version table in ``schema``.

    Inside a transaction of the caller the lock is held until that transaction ends, so that no other runner
    starts before the caller has committed.

    Raises:
        LockNotAcquiredError: another runner held it for longer than ``lock_wait``.
        PoolingError: a proxy gives each transaction another server process.
    """
    async with session.answering(ANSWER_SECONDS, "looking for a proxy"):
        await _check_not_pooled(session, database)
    if not settings.lock:
        session.set_lock_guard(None)
        yield
        return
    key = lock_key(settings, schema)
    began = time.monotonic()
    scope = "xact_" if session.caller_transaction else ""
    query = (
        # a lock that another server process took would stay behind there
        f"SELECT pg_catalog.pg_backend_pid() AS backend_pid, CASE pg_catalog.pg_backend_pid()"
        f" WHEN {session.backend_pid} THEN pg_catalog.pg_try_advisory_{scope}lock({key}) END AS locked"
    )
    pause = FIRST_PAUSE
    asked, holder, since = float("-inf"), None, None
    end = float("inf") if settings.lock_wait is None else began + settings.lock_wait
    doing = "asking for the migration lock"

    def limit() -> float:
        return max(0.0, min(ANSWER_SECONDS, end - time.monotonic())) + GRACE

    async with AsyncExitStack() as waiting:
        while True:
            async with session.answering(limit(), doing):
                if await _try(session, query, key):
                    break
            now = time.monotonic()
            waited = now - began
            late = now >= end
            if late or now - asked >= HOLDER_INTERVAL:
                async with session.answering(limit(), doing):
                    holder, since = await _read_holder(session, key)
                asked = now
            if late:
                raise LockNotAcquiredError(
                    f"another runner holds the migration lock (waited {waited:.1f} s)"
                    + (f": {holder}" if holder else ""),
                    hint="let it finish, raise `lock_wait`, or end that session if it is stuck",
                    holder=holder,
                    waited=waited,
                )
            held_for = None if since is None else since + (now - asked)
            emit(LockWaiting(holder=holder, since=held_for, elapsed=waited))
            if pause == FIRST_PAUSE:
                await waiting.enter_async_context(session.idling(limit()))
            await anyio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            pause = min(pause * 1.5, LONGEST_PAUSE)
    session.set_lock_guard(key)
    try:
        emit(LockAcquired(elapsed=time.monotonic() - began))
        yield
    finally:
        if not session.caller_transaction:
            await _release(session, key)


async def _try(session: Session, query: str, key: int) -> bool:
    try:
        row = (await session.fetch(query))[0]
        session.check_backend_pid(row["backend_pid"])
    except BaseException:  # cancelled, say, when the server had already given the lock
        if not session.caller_transaction:
            await _release(session, key)
        raise
    return bool(row["locked"])


async def _check_not_pooled(session: Session, database: Database) -> None:
    """Find out, before the lock is taken, whether a proxy pools by transaction.

    Where the driver received another process id than the server's own, a proxy answered the login. A proxy
    that pools by transaction gives the idle server process of a session to the next client: a second
    connection takes it, or moves the session to another one. A few rounds are enough, whichever idle process
    the proxy prefers.

    Raises:
        PoolingError: it does; the lock would stay behind on a server process of another session.
    """
    if session.backend_pid is None:
        session.check_backend_pid(await _backend_pid(session.fetch))
    if not session.pooled or session.caller_transaction:
        return
    async with database.observer() as observer:
        if observer is None:
            return
        for _ in range(ROUNDS):
            async with _transaction(observer):
                if await _backend_pid(observer.fetch) == session.backend_pid:
                    raise pooling_error()
                for _ in range(ROUNDS):
                    session.check_backend_pid(await _backend_pid(session.fetch))


@asynccontextmanager
async def _transaction(observer: asyncpg.Connection) -> AsyncIterator[None]:
    try:
        await observer.execute("BEGIN")
    except asyncpg.PostgresError as error:  # a pool by statement has no transactions
        raise pooling_error() from error
    yield
    await observer.execute("ROLLBACK")


async def _backend_pid(fetch: Callable[[str], Awaitable[list[asyncpg.Record]]]) -> int:
    return int((await fetch("SELECT pg_catalog.pg_backend_pid()"))[0][0])


async def _release(session: Session, key: int) -> None:
    """Unlock in any case; where that is impossible the session ends, and the lock with it."""
    await session.roll_back()
    await session.clean_up(f"SELECT pg_catalog.pg_advisory_unlock({key})")


async def _read_holder(session: Session, key: int) -> tuple[str | None, float | None]:
    # pg_locks shows a bigint key as two unsigned halves
    rows = await session.fetch(_HOLDER, key)
    if not rows:
        return None, None
    row = rows[0]
    client = f" from {row['client']}" if row["client"] else ""
    return f"pid {row['pid']} ({row['application_name'] or 'unnamed'}{client})", row["since"]
