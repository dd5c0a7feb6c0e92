"""Pauses between batches: while a standby lags, a vacuum works on the table, or archiving falls behind.

The conditions are read by one query, at most once a second, on the connection of the worker; between two
batches it holds no lock and no snapshot.
"""

from __future__ import annotations

import inspect
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from asyncmig.config.objects import import_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from asyncmig.backfill.options import BackfillOptions
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session

__all__ = ["Throttle", "load_user_throttle", "reason_to_wait"]

INTERVAL = 1.0

# pg_locks is visible to every role, unlike the progress of a vacuum. A role without pg_monitor does not see
# how far a standby is, nor the files that wait for the archive command.
_FACTS = """\
SELECT
    (SELECT pg_catalog.max(extract(epoch FROM replay_lag))::float8
     FROM pg_catalog.pg_stat_replication) AS replica_lag,
    (SELECT pg_catalog.min(l.pid) FROM pg_catalog.pg_locks AS l
     WHERE l.relation = ANY (ARRAY(
         SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::oid) UNION SELECT $1::oid
     )) AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
       AND l.database = (SELECT oid FROM pg_catalog.pg_database
                         WHERE datname = pg_catalog.current_database())) AS maintenance,
    (SELECT last_failed_wal FROM pg_catalog.pg_stat_archiver
     WHERE last_failed_time > coalesce(last_archived_time, '-infinity')
       AND pg_catalog.current_setting('archive_mode') <> 'off') AS failed_wal,
    {queue} AS archive_queue"""

_QUEUE = "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_ls_archive_statusdir() WHERE name LIKE '%.ready')"

_MAY_LIST = """\
SELECT pg_catalog.has_function_privilege('pg_catalog.pg_ls_archive_statusdir()', 'EXECUTE') AS may"""


class Throttle:
    """The pauses of one worker.

    Args:
        session: the worker's.
        relation: the table.
        options: the thresholds.
        user: the function of the user's hooks.
    """

    def __init__(
        self,
        session: Session,
        relation: int,
        options: BackfillOptions,
        user: Callable[[], Awaitable[object] | object] | None = None,
    ) -> None:
        self._session = session
        self._relation = relation
        self._options = options
        self._user = user
        self._query: str | None = None
        self._next = 0.0

    async def reason(self) -> str | None:
        """Why the next batch has to wait; None lets it run. Between two looks the answer is None."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + INTERVAL
        if self._user is not None:
            answer = self._user()
            found = await answer if inspect.isawaitable(answer) else answer
            if found:
                return found if isinstance(found, str) else "the throttle of the project says so"
        if self._query is None:
            may = (await self._session.fetch(_MAY_LIST))[0]["may"]
            self._query = _FACTS.format(queue=_QUEUE if may else "NULL")
        rows = await self._session.fetch(self._query, self._relation)
        return reason_to_wait(dict(rows[0]), self._options)


def reason_to_wait(facts: Mapping[str, Any], options: BackfillOptions) -> str | None:
    """Compare the facts with the thresholds.

    Args:
        facts: ``replica_lag`` in seconds, ``maintenance`` (a process id), ``failed_wal`` (the name of a
            file), ``archive_queue`` (files); None where nothing is known.
        options: the thresholds.
    """
    lag, queue = facts["replica_lag"], facts["archive_queue"]
    if options.replica_lag is not None and lag is not None and lag > options.replica_lag:
        return f"a standby is {lag:.1f} s behind, more than {options.replica_lag:g} s"
    if options.pause_for_vacuum and facts["maintenance"] is not None:
        return f"process {facts['maintenance']} vacuums or analyzes the table, or builds an index on it"
    if options.archive_queue is not None:
        if facts["failed_wal"] is not None:
            return f"the server cannot archive its write-ahead log: {facts['failed_wal']} failed"
        if queue is not None and queue > options.archive_queue:
            return (
                f"{queue} files of the write-ahead log wait to be archived, more than"
                f" {options.archive_queue}"
            )
    return None


async def load_user_throttle(
    settings: Settings,
) -> Callable[[], Awaitable[object] | object] | None:
    """The function ``throttle_backfill`` of the hooks module, if there is one."""
    if settings.hooks is None:
        return None
    load = partial(import_object, settings.hooks, sys_path=settings.prepend_sys_path)
    found: Callable[[], Awaitable[object] | object] | None = getattr(
        await anyio.to_thread.run_sync(load), "throttle_backfill", None
    )
    return found
