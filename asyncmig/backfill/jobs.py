"""The rows of jobs and of their ranges: read, claimed, moved, ended."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.backfill.batches.keys import Range, position_literal
from asyncmig.backfill.batches.sql import RUNNABLE
from asyncmig.bookkeeping.backfill_tables import JOB_LOCKS, RANGE_LOCKS
from asyncmig.sql.backfills.definition import Backfill
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import asyncpg

    from asyncmig.backfill.batches.keys import Key, Position
    from asyncmig.backfill.table_facts import FirstRange, TableFacts
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["Job", "JobProgress", "JobState", "Jobs"]


SERVICE_LOCKS = RANGE_LOCKS + 1
"""The first of the two keys of the locks that services take; the second is the id of a job."""


class JobState(StrEnum):
    """The state of a job."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, as its row says."""

    id: int
    name: str
    revision: str
    definition: Backfill
    fingerprint: str
    state: JobState
    deferred: bool
    pass_number: int
    table_oid: int | None
    total: int | None
    reason: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """The figures of a job, summed over its ranges."""

    rows: int
    scanned: int
    batches: int
    unchanged: int
    failed: int
    rate: float
    open_ranges: int


_JOB = """\
SELECT id, name, revision, definition, fingerprint, state, deferred, pass, table_oid, total, reason, error
FROM {jobs}"""

_FIRST_RANGES = """\
    INSERT INTO {ranges} (job, relation, upper)
    SELECT started.id, first.relation, CASE WHEN first.upper IS NOT NULL THEN ARRAY[first.upper] END
    FROM started CROSS JOIN unnest({relations}, {uppers}) AS first (relation, upper)"""

# of two workers, only the first finds no table_oid: the first ranges are made once
_PREPARE = """\
WITH started AS (
    UPDATE {jobs} SET table_oid = $2, total = $3 WHERE id = $1 AND table_oid IS NULL RETURNING id
)
""" + _FIRST_RANGES.replace("{relations}", "$4::oid[]").replace("{uppers}", "$5::text[]")

_START = """\
UPDATE {jobs} SET state = 'running', reason = NULL, error = NULL, finished_at = NULL,
    started_at = coalesce(started_at, pg_catalog.clock_timestamp()),
    attempts = attempts + CASE WHEN state IN {runnable} THEN 0 ELSE 1 END
WHERE id = $1 AND state IN ('pending', 'failed', 'running', 'waiting')"""

# the lock of a range ends with the session that works on it, however that ends
_CLAIM = """\
SELECT {range} FROM (
    SELECT {range} FROM {ranges} WHERE job = $1 AND NOT done
    ORDER BY id OFFSET 0
) AS candidate
WHERE pg_catalog.pg_try_advisory_lock({lock}, (id % 2147483647)::integer) LIMIT 1"""

_RANGE = "SELECT {range}, done FROM {ranges} WHERE id = $1"

_UNLOCK = "SELECT pg_catalog.pg_advisory_unlock({lock}, ({id} % 2147483647)::integer)"

_PROGRESS = """\
SELECT j.rows + coalesce(r.rows, 0) AS rows, j.scanned + coalesce(r.scanned, 0) AS scanned,
       j.batches + coalesce(r.batches, 0) AS batches, coalesce(r.unchanged, 0) AS unchanged,
       (SELECT pg_catalog.count(*) FROM {failures} AS f WHERE f.job = j.id) AS failed,
       coalesce(r.rate, 0) AS rate, coalesce(r.open_ranges, 0) AS open_ranges
FROM {jobs} AS j
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(rows)::bigint AS rows, pg_catalog.sum(scanned)::bigint AS scanned,
           pg_catalog.sum(batches)::bigint AS batches, pg_catalog.sum(unchanged)::bigint AS unchanged,
           pg_catalog.count(*) FILTER (WHERE NOT done) AS open_ranges,
           pg_catalog.sum(rate) FILTER (
               WHERE NOT done AND updated_at > pg_catalog.clock_timestamp() - interval '15 seconds'
           )::float8 AS rate
    FROM {ranges} WHERE job = j.id
) AS r ON true
WHERE j.id = $1"""

# the ranges of a pass are added to the job's row, which is locked first: one worker of all ends a pass
_END_OF_ROUND = (
    """\
WITH ended AS (
    SELECT id FROM {jobs} AS j WHERE id = $1 AND pass = $2 AND state IN {runnable}
      AND NOT EXISTS (SELECT FROM {ranges} WHERE job = $1 AND NOT done)
    FOR UPDATE
), figures AS (
    SELECT coalesce(pg_catalog.sum(rows), 0) AS rows, coalesce(pg_catalog.sum(scanned), 0) AS scanned,
           coalesce(pg_catalog.sum(batches), 0) AS batches
    FROM {ranges} WHERE job = $1
), gone AS (
    DELETE FROM {ranges} WHERE job IN (SELECT id FROM ended)
), started AS (
    SELECT id FROM ended WHERE $3
), next AS (
"""
    + _FIRST_RANGES.replace("{relations}", "$5::oid[]").replace("{uppers}", "$6::text[]")
    + """
)
UPDATE {jobs} AS j SET rows = j.rows + f.rows, scanned = j.scanned + f.scanned,
    batches = j.batches + f.batches, pass = j.pass + 1, reason = $4,
    failed = (SELECT pg_catalog.count(*) FROM {failures} AS x WHERE x.job = j.id),
    state = CASE WHEN $3 THEN j.state ELSE 'done' END,
    finished_at = CASE WHEN $3 THEN NULL ELSE pg_catalog.clock_timestamp() END
FROM figures AS f WHERE j.id = (SELECT id FROM ended)
RETURNING j.id"""
)


class Jobs:
    """The jobs of a database, over one session.

    Args:
        session: any session.
        tables: where they are.
    """

    def __init__(self, session: Session, tables: BackfillTables) -> None:
        self._session = session
        self.tables = tables

    def _sql(self, text: str) -> str:
        tables = self.tables
        return text.format(
            jobs=tables.jobs,
            ranges=tables.ranges,
            failures=tables.failures,
            runnable=RUNNABLE,
            lock=RANGE_LOCKS,
            range="id, relation, cursor, upper, generation, size",
        )

    async def exist(self) -> bool:
        """Look whether the tables exist."""
        rows = await self._session.fetch(
            "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS found", self.tables.jobs
        )
        return bool(rows[0]["found"])

    async def read(self, name: str) -> Job | None:
        """The job of that name."""
        rows = await self._session.fetch(f"{self._sql(_JOB)} WHERE name = $1", name)
        return _job(rows[0]) if rows else None

    async def read_all(self, *states: JobState) -> tuple[Job, ...]:
        """The jobs in the order in which they were recorded; only those of some states, if given."""
        query = f"{self._sql(_JOB)} WHERE $1::text[] = '{{}}' OR state = ANY ($1) ORDER BY id"
        return tuple(_job(row) for row in await self._session.fetch(query, list(states)))

    async def start(self, job: Job, table: TableFacts, total: int) -> None:
        """Let a job run that may; the first process makes its ranges."""
        ranges = _columns(table.first_ranges)
        await self._session.fetch(self._sql(_PREPARE), job.id, table.oid, total, *ranges)
        await self._session.fetch(self._sql(_START), job.id)

    async def claim(self, job: Job) -> Range | None:
        """Take a range on which no other session works; None where there is none."""
        rows = await self._session.fetch(self._sql(_CLAIM), job.id)
        return _range(rows[0]) if rows else None

    async def read_range(self, range_id: int) -> Range | None:
        """A range as it is now; None where it is done."""
        rows = await self._session.fetch(self._sql(_RANGE), range_id)
        return _range(rows[0]) if rows and not rows[0]["done"] else None

    async def release(self, range_id: int) -> None:
        """Let other sessions take a range."""
        if not self._session.closed:
            await self._session.clean_up(_UNLOCK.format(lock=RANGE_LOCKS, id=range_id))

    @asynccontextmanager
    async def alone(self, job: Job) -> AsyncIterator[bool]:
        """True within the block where no other service works on the job."""
        lock = f"({SERVICE_LOCKS}, ({job.id} % 2147483647)::integer)"
        rows = await self._session.fetch(f"SELECT pg_catalog.pg_try_advisory_lock{lock} AS taken")
        taken = bool(rows[0]["taken"])
        try:
            yield taken
        finally:
            if taken:
                await self._session.clean_up(f"SELECT pg_catalog.pg_advisory_unlock{lock}")

    @asynccontextmanager
    async def attended(self, job: Job) -> AsyncIterator[None]:
        """Show to other sessions, within the block, that this one runs the job."""
        lock = f"({JOB_LOCKS}, ({job.id} % 2147483647)::integer)"
        await self._session.fetch(f"SELECT pg_catalog.pg_advisory_lock_shared{lock}")
        try:
            yield
        finally:
            await self._session.clean_up(f"SELECT pg_catalog.pg_advisory_unlock_shared{lock}")

    async def open_ranges(self, job: Job) -> tuple[Range, ...]:
        """The ranges that are not done."""
        query = self._sql("SELECT {range} FROM {ranges} WHERE job = $1 AND NOT done")
        rows = await self._session.fetch(query, job.id)
        return tuple(map(_range, rows))

    async def split(self, key: Key, part: Range, middle: Position) -> bool:
        """Divide a range, if its position is still before ``middle``; the second part is a new range.

        The row of the range is locked while a batch runs, so this waits for the end of a batch.
        """
        old_upper = position_literal(part.upper)
        rows = await self._session.fetch(
            f"WITH cut AS (UPDATE {self.tables.ranges} AS r SET upper = {position_literal(middle)},"
            f" generation = generation + 1 WHERE id = {part.id} AND NOT done"
            f" AND upper IS NOT DISTINCT FROM {old_upper} AND {key.is_before('r.cursor', middle)}"
            f" RETURNING job, relation, size)"
            f" INSERT INTO {self.tables.ranges} (job, relation, cursor, upper, size)"
            f" SELECT job, relation, {position_literal(middle)}, {old_upper}, size FROM cut RETURNING id"
        )
        return bool(rows)

    async def progress(self, job: Job) -> JobProgress:
        """The figures of a job."""
        rows = await self._session.fetch(self._sql(_PROGRESS), job.id)
        return JobProgress(**dict(rows[0]))

    async def give_up(self, part: Range) -> None:
        """End a range whose partition does not belong to the table any more."""
        await self._session.fetch(
            f"UPDATE {self.tables.ranges} SET done = true, generation = generation + 1 WHERE id = $1",
            part.id,
        )

    async def end_pass(
        self, job: Job, next_ranges: Sequence[FirstRange], *, reason: str | None = None
    ) -> bool:
        """End a pass over the table whose ranges are done.

        Args:
            job: as it was read.
            next_ranges: of another pass; none where the job is done.
            reason: what a person should know about it.

        Returns:
            False where another worker was first.
        """
        query = self._sql(_END_OF_ROUND)
        again = bool(next_ranges)
        ranges = _columns(next_ranges)
        return bool(
            await self._session.fetch(query, job.id, job.pass_number, again, reason, *ranges)
        )

    async def fail(self, job: Job, error: str) -> None:
        """Stop a job because of an error."""
        await self._session.send(
            f"UPDATE {self.tables.jobs} SET state = 'failed', error = {literal(_stored(error))},"
            f" finished_at = pg_catalog.clock_timestamp() WHERE id = {job.id} AND state IN {RUNNABLE}"
        )

    async def set_reason(self, job: Job, reason: str | None) -> None:
        """Note why a running job is slower than it could be; None where it is not."""
        await self._session.send(
            f"UPDATE {self.tables.jobs} SET reason = {literal(reason)}"
            f" WHERE id = {job.id} AND state = 'running'"
        )

    async def set_waiting(self, job: Job, reason: str | None) -> None:
        """Note that a running job waits, or that it continues."""
        before, after = ("running", "waiting") if reason else ("waiting", "running")
        await self._session.send(
            f"UPDATE {self.tables.jobs} SET state = '{after}', reason = {literal(reason)}"
            f" WHERE id = {job.id} AND state = '{before}'"
        )


def _job(row: asyncpg.Record) -> Job:
    definition = row["definition"]
    data = json.loads(definition) if isinstance(definition, str) else definition
    return Job(
        id=row["id"],
        name=row["name"],
        revision=row["revision"],
        definition=Backfill.from_dict(data),
        fingerprint=row["fingerprint"],
        state=JobState(row["state"]),
        deferred=row["deferred"],
        pass_number=row["pass"],
        table_oid=row["table_oid"],
        total=row["total"],
        reason=row["reason"],
        error=row["error"],
    )


def _range(row: asyncpg.Record) -> Range:
    cursor, upper = row["cursor"], row["upper"]
    return Range(
        id=row["id"],
        relation=row["relation"],
        cursor=None if cursor is None else tuple(cursor),
        upper=None if upper is None else tuple(upper),
        generation=row["generation"],
        size=row["size"],
    )


def _columns(ranges: Sequence[FirstRange]) -> tuple[list[int | None], list[str | None]]:
    uppers = [None if each.upper is None else each.upper[0] for each in ranges]
    return [each.relation for each in ranges], uppers


def _stored(text: str) -> str:
    return text.replace("\0", "")
