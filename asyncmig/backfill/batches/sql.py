"""The SQL of batches. Nothing here is input or output.

A batch is one statement. It takes the row of its range, if that is as the worker has read it and the job may
run; it changes the rows between two keys; and it moves the position of the range. So it is committed as a
whole, in one round trip, and two workers never change the same rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.backfill.batches.keys import block_of, block_position, position_literal
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from asyncmig.backfill.batches.keys import BatchTable, Position, Range
    from asyncmig.bookkeeping.backfill_tables import BackfillTables

__all__ = [
    "RUNNABLE",
    "batch",
    "bound_query",
    "claim",
    "end_of_batch",
    "pass_over",
    "split_query",
    "tail_query",
    "window",
]

RUNNABLE = "('running', 'waiting')"
"""The states in which a batch may run."""

WAITING = """\
(SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks AS l
 WHERE NOT l.granted AND l.pid <> pg_catalog.pg_backend_pid()
   AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid)))"""
"""How many sessions wait for the rows of the batch, at its end."""

FIRST_USER_OID = 16384

FIRST_USER_OID = 16384
"""Relations with smaller numbers are those of the system catalog."""

SAMPLE = 20_000
"""Rows that are read to find the middle of a range."""


def window(table: BatchTable, part: Range, rows: int) -> Range:
    """The part of a range in which the next batch ends.

    It is the whole range for a key with an index. Rows have no order by ``ctid`` that the server knows: it
    would sort all that are left, so that only as many blocks are read as the batch should have.
    """
    if not table.key.is_ctid:
        return part
    begin = block_of(part.cursor)
    end = begin + 1 + int(2 * rows / table.rows_per_block)
    if part.upper is not None and end >= block_of(part.upper):
        return part
    return replace(part, upper=block_position(end))


def bound_query(table: BatchTable, part: Range, rows: int) -> str:
    """The last key of the next batch; no row where fewer rows than that are left."""
    return (
        f"SELECT {table.key.position} AS bound FROM {table.sql}"
        f"{_within(table, part)} ORDER BY {table.key.order} OFFSET {rows - 1} LIMIT 1"
    )


def tail_query(table: BatchTable, part: Range, rows: int) -> str:
    """How many rows are left, up to ``rows``."""
    return (
        f"SELECT count(*) AS scanned FROM (SELECT FROM {table.sql}"
        f"{_within(table, part)} LIMIT {rows}) AS tail"
    )


def split_query(table: BatchTable, part: Range, *, percent: float) -> str:
    """The middle of a range, from a sample of its rows; ``sampled`` is their number."""
    key = table.key
    sample = "" if percent >= 100 else f" TABLESAMPLE SYSTEM ({percent:.6f})"
    columns = ", ".join(f"{name} AS k{number}" for number, name in enumerate(key.names))
    order = ", ".join(f"k{number}" for number in range(len(key.names)))
    position = ", ".join(f"k{number}::text" for number in range(len(key.names)))
    return (
        f"SELECT ARRAY[{position}] AS middle, sampled FROM (SELECT *, row_number() OVER (ORDER BY {order})"
        f" AS number, count(*) OVER () AS sampled FROM (SELECT {columns} FROM"
        f" {table.sql}{sample}{_within(table, part)} LIMIT {SAMPLE}) AS sample)"
        f" AS numbered WHERE number = (sampled + 1) / 2"
    )


def batch(
    tables: BackfillTables,
    table: BatchTable,
    part: Range,
    *,
    bound: Position | None,
    scanned: int,
    size: int,
    rate: float | None,
    worker: str,
) -> str:
    """One batch: the rows after the position of a range up to ``bound``, or to its end where that is None.

    It gives a row with ``rows`` (changed), ``unchanged`` (for which the condition is still true),
    ``waiting`` (sessions that wait for its rows) and ``writers`` (transactions of others that write); no row
    where the range has changed, or the job does not run.
    """
    definition = table.definition
    last = bound is None
    among = " AND ".join(
        text
        for text in (
            "EXISTS (SELECT FROM asyncmig_claimed)",
            table.key.between(part.cursor, part.upper if last else bound),
        )
        if text
    )
    same = (
        f"({definition.where}) IS TRUE"
        if definition.kind == "update" and definition.where
        else "false"
    )
    changed = definition.statement(among, f"{same} AS asyncmig_same", table.sql)
    return f"""\
WITH asyncmig_claimed AS ({claim(tables, table, part)}),
asyncmig_changed AS (
{changed}
)
{
        end_of_batch(
            tables,
            position=position_literal(part.upper if last else bound),
            done=literal(last),
            scanned=str(scanned),
            size=size,
            rate=rate,
            worker=worker,
        )
    }"""


def end_of_batch(
    tables: BackfillTables,
    *,
    position: str,
    done: str,
    scanned: str,
    size: int,
    rate: float | None,
    worker: str,
    skipped: str = "0",
) -> str:
    """The last part of a batch: its range gets the position, and the figures of ``asyncmig_changed``.

    Args:
        tables: of the jobs.
        position: of the range, as SQL; NULL is the end of an open range.
        done: whether the range is done, as SQL.
        scanned: how many rows the batch covers, as SQL.
        size: how many rows it should have covered.
        rate: rows per second.
        worker: who runs it.
        skipped: how many rows were read and not changed, as SQL.
    """
    moved = f"cursor = {position}, " if position != "NULL::text[]" else ""
    unchanged = "pg_catalog.count(*) FILTER (WHERE asyncmig_same)"
    if skipped != "0":
        unchanged += f" + {skipped}"
    return f"""\
UPDATE {tables.ranges} AS r
SET {moved}generation = r.generation + 1, done = {done}, rows = r.rows + c.rows,
    unchanged = r.unchanged + c.unchanged, scanned = r.scanned + {scanned}, batches = r.batches + 1,
    size = {size}, rate = {literal(rate)}, worker = {literal(worker)},
    updated_at = pg_catalog.clock_timestamp()
FROM (SELECT pg_catalog.count(*) AS rows, {unchanged} AS unchanged
      FROM asyncmig_changed) AS c
WHERE r.id = (SELECT id FROM asyncmig_claimed)
RETURNING c.rows, c.unchanged, {WAITING} AS waiting, {_writers(tables)} AS writers"""


def pass_over(
    tables: BackfillTables,
    table: BatchTable,
    part: Range,
    *,
    job: int,
    bound: Position,
    sqlstate: str | None,
    error: str,
) -> str:
    """Record a row that the server refuses, and move the position behind it; a row if it was done."""
    return f"""\
WITH asyncmig_claimed AS ({claim(tables, table, part)}),
asyncmig_failed AS (
    INSERT INTO {tables.failures} (job, key, sqlstate, error)
    SELECT {job}, {position_literal(bound)}, {literal(sqlstate)}, {literal(error)} FROM asyncmig_claimed
)
UPDATE {tables.ranges} AS r
SET cursor = {position_literal(bound)}, generation = r.generation + 1, scanned = r.scanned + 1,
    updated_at = pg_catalog.clock_timestamp()
WHERE r.id = (SELECT id FROM asyncmig_claimed)
RETURNING 1 AS passed"""


def claim(tables: BackfillTables, table: BatchTable, part: Range) -> str:
    """Lock the row of a range, if the job may run and neither the range nor the table has changed."""
    attached = ""
    if table.partition is not None:
        attached = (
            f" AND r.relation = pg_catalog.to_regclass({literal(table.partition)})"
            " AND (SELECT relispartition FROM pg_catalog.pg_class WHERE oid = r.relation)"
        )
    return (
        f"SELECT r.id FROM {tables.ranges} AS r JOIN {tables.jobs} AS j ON j.id = r.job"
        f" WHERE r.id = {part.id} AND r.generation = {part.generation} AND NOT r.done"
        f" AND j.state IN {RUNNABLE}"
        f" AND j.table_oid = pg_catalog.to_regclass({literal(table.definition.table_name)}){attached}"
        " FOR UPDATE OF r SKIP LOCKED"
    )


def _writers(tables: BackfillTables) -> str:
    """The transactions of this database that write to tables now, but for those of workers."""
    own = ", ".join(
        f"{literal(name)}::pg_catalog.regclass" for name in (tables.jobs, tables.ranges)
    )
    return f"""\
ARRAY(SELECT l.virtualtransaction FROM pg_catalog.pg_locks AS l
 WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation >= {FIRST_USER_OID}
   AND l.database = (SELECT oid FROM pg_catalog.pg_database
                     WHERE datname = pg_catalog.current_database())
 GROUP BY l.virtualtransaction
 HAVING pg_catalog.bool_or(l.mode = 'RowExclusiveLock') AND pg_catalog.bool_and(l.relation NOT IN ({own})))"""


def _within(table: BatchTable, part: Range) -> str:
    condition = table.key.between(part.cursor, part.upper)
    return f" WHERE {condition}" if condition else ""
