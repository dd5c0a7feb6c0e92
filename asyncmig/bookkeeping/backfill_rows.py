"""The backfills of a database with their figures, for lists and for the status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asyncmig.bookkeeping.backfill_tables import JOB_LOCKS
from asyncmig.results.backfills import BackfillFailure, BackfillInfo
from asyncmig.sql.backfills.definition import Backfill

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["read_backfills", "read_failures"]

_BACKFILLS = """\
SELECT j.*, j.rows + coalesce(r.rows, 0) AS all_rows, j.scanned + coalesce(r.scanned, 0) AS all_scanned,
       coalesce(r.scanned, 0) AS scanned_now, j.batches + coalesce(r.batches, 0) AS all_batches,
       (SELECT pg_catalog.count(*) FROM {failures} AS f WHERE f.job = j.id) AS all_failed,
       coalesce(r.rate, 0) AS rate, l.workers, pg_catalog.pg_is_in_recovery() AS on_standby
FROM {jobs} AS j
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(x.rows)::bigint AS rows, pg_catalog.sum(x.scanned)::bigint AS scanned,
           pg_catalog.sum(x.batches)::bigint AS batches,
           pg_catalog.sum(x.rate) FILTER (
               WHERE NOT done AND updated_at > pg_catalog.clock_timestamp() - interval '15 seconds'
           )::float8 AS rate
    FROM {ranges} AS x WHERE x.job = j.id
) AS r ON true
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS workers FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND classid = {lock} AND objid = j.id % 2147483647 AND objsubid = 2
      AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
) AS l
WHERE ($1::text IS NULL OR j.name = $1) AND (NOT $2 OR j.state NOT IN ('done', 'cancelled'))
ORDER BY j.id"""

_FAILURES = """\
SELECT f.key, f.sqlstate, f.error, f.at FROM {failures} AS f JOIN {jobs} AS j ON j.id = f.job
WHERE j.name = $1 ORDER BY f.id LIMIT $2"""


async def read_backfills(
    session: Session, tables: BackfillTables, *, name: str | None = None, only_open: bool = False
) -> tuple[BackfillInfo, ...]:
    """The backfills in the order in which they were recorded; the tables exist.

    Args:
        session: any session.
        tables: where they are.
        name: only the one of that name.
        only_open: without those that are done or cancelled.
    """
    query = _BACKFILLS.format(
        jobs=tables.jobs, ranges=tables.ranges, failures=tables.failures, lock=JOB_LOCKS
    )
    return tuple(map(_info, await session.fetch(query, name, only_open)))


async def read_failures(
    session: Session, tables: BackfillTables, name: str, most: int
) -> tuple[BackfillFailure, ...]:
    """The rows that the server refused."""
    query = _FAILURES.format(jobs=tables.jobs, failures=tables.failures)
    return tuple(
        BackfillFailure(
            key=tuple(row["key"]),
            sqlstate=row["sqlstate"],
            error=row["error"],
            at=row["at"].isoformat(),
        )
        for row in await session.fetch(query, name, most)
    )


def _info(row: asyncpg.Record) -> BackfillInfo:
    text = row["definition"]
    definition = Backfill.from_dict(json.loads(text) if isinstance(text, str) else text)
    rate, total = float(row["rate"]), row["total"]
    # a further pass reads the table once more: only the ranges of this pass count
    left = None if total is None else max(0, total - row["scanned_now"])
    state, reason = row["state"], row["reason"]
    # a standby does not see the locks of its primary
    if state in {"running", "waiting"} and not row["workers"] and not row["on_standby"]:
        state = "interrupted"
        reason = f"no process runs it: `asyncmig backfill run {row['name']}` continues it"
    return BackfillInfo(
        name=row["name"],
        revision=row["revision"],
        table=definition.table_name,
        sql=definition.statement(),
        state=state,
        deferred=row["deferred"],
        rows=row["all_rows"],
        scanned=row["all_scanned"],
        total=total,
        batches=row["all_batches"],
        failed=row["all_failed"],
        rate=rate,
        remaining=left / rate if rate and left is not None else None,
        workers=row["workers"],
        pass_number=row["pass"],
        attempts=row["attempts"],
        reason=reason,
        error=row["error"],
        created_at=row["created_at"].isoformat(),
        started_at=_time(row["started_at"]),
        finished_at=_time(row["finished_at"]),
    )


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
