"""The SQL of a batch whose values a Python function computes. Nothing here is input or output.

The rows are read by one statement and written by another. No lock is held while the function works: the
second statement compares the transaction (``xmin``) that wrote each row with the one that was read. It
changes the rows before the first that differs, and moves the position of the range there, so that this row
is read again with the next batch. Where rows change each time, the worker reads them with their locks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.backfill.batches.keys import position_literal
from asyncmig.backfill.batches.sql import claim, end_of_batch
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.backfill.batches.keys import BatchTable, Position, Range
    from asyncmig.bookkeeping.backfill_tables import BackfillTables

__all__ = ["ComputedRow", "read_query", "write_batch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedRow:
    """A row that was read, with what is written into it.

    Attributes:
        position: its key.
        version: the transaction that wrote it, as text.
        values: the new values as SQL, in the order of the columns; None leaves the row as it is.
    """

    position: Position
    version: str
    values: tuple[str, ...] | None


def read_query(table: BatchTable, part: Range, *, locked: bool = False) -> str:
    """The rows of a batch in their order: the columns of the function, the key and the version."""
    definition, key = table.definition, table.key
    further = (
        f"{key.position} AS asyncmig_key, {definition.column('xmin')}::text AS asyncmig_version"
    )
    among = key.between(part.cursor, part.upper)
    lock = f" FOR UPDATE OF {key.table}" if locked else ""
    return f"{definition.statement(among, further, table.sql)}\nORDER BY {key.order}{lock}"


def write_batch(
    tables: BackfillTables,
    table: BatchTable,
    part: Range,
    columns: Sequence[str],
    rows: Sequence[ComputedRow],
    *,
    bound: Position | None,
    scanned: int,
    size: int,
    rate: float | None,
    worker: str,
) -> str:
    """Write the values of a batch, as ``sql.batch`` does; ``conflict`` is true where a row had changed."""
    definition, key = table.definition, table.key
    values = ",\n    ".join(
        _values(number, row, len(columns)) for number, row in enumerate(rows, 1)
    )
    names = "".join(f", asyncmig_{number}" for number in range(len(columns)))
    changes = ", ".join(
        f"{identifier(column)} = g.asyncmig_{number}" for number, column in enumerate(columns)
    )
    same = f"({definition.where}) IS TRUE" if definition.where else "false"
    # the planner finds the rows by the range, and joins no more than it
    is_row = " AND ".join(
        text
        for text in (
            key.equals("g.asyncmig_key"),
            key.between(part.cursor, part.upper if bound is None else bound),
        )
        if text
    )
    first = "(SELECT asyncmig_number FROM asyncmig_conflict)"
    before = f"(SELECT asyncmig_key FROM asyncmig_given WHERE asyncmig_number = {first} - 1)"
    start = position_literal(part.cursor)
    end = position_literal(part.upper if bound is None else bound)
    among = " AND ".join(
        text for text in (key.between(part.cursor, None), key.until(before)) if text
    )
    end_batch = end_of_batch(
        tables,
        position=f"CASE WHEN {first} IS NULL THEN {end} ELSE coalesce({before}, {start}) END",
        done=f"{literal(bound is None)} AND {first} IS NULL",
        scanned=f"CASE WHEN {first} IS NULL THEN {scanned}"
        f" ELSE (SELECT pg_catalog.count(*) FROM {table.sql} WHERE {among}) END",
        size=size,
        rate=rate,
        worker=worker,
        skipped="(SELECT pg_catalog.count(*) FROM asyncmig_given"
        f" WHERE NOT asyncmig_write AND ({first} IS NULL OR asyncmig_number < {first}))",
    )
    return f"""\
WITH asyncmig_claimed AS ({claim(tables, table, part)}),
asyncmig_given (asyncmig_number, asyncmig_key, asyncmig_version, asyncmig_write{names}) AS (VALUES
    {values}
),
asyncmig_locked AS (
    SELECT g.asyncmig_number FROM {table.sql} JOIN asyncmig_given AS g
        ON {is_row} AND {definition.column("xmin")} = g.asyncmig_version
    WHERE g.asyncmig_write AND EXISTS (SELECT FROM asyncmig_claimed)
    ORDER BY g.asyncmig_number FOR UPDATE OF {key.table}
),
asyncmig_conflict AS (
    SELECT g.asyncmig_number FROM asyncmig_given AS g
    WHERE g.asyncmig_write AND g.asyncmig_number NOT IN (SELECT asyncmig_number FROM asyncmig_locked)
        AND EXISTS (SELECT FROM {table.sql} WHERE {is_row})
    ORDER BY g.asyncmig_number LIMIT 1
),
asyncmig_changed AS (
    UPDATE {table.sql} SET {changes}
    FROM asyncmig_given AS g JOIN asyncmig_locked AS l ON l.asyncmig_number = g.asyncmig_number
    WHERE {is_row} AND ({first} IS NULL OR g.asyncmig_number < {first})
    RETURNING {same} AS asyncmig_same
)
{end_batch}, {first} IS NOT NULL AS conflict"""


def _values(number: int, row: ComputedRow, columns: int) -> str:
    written = row.values if row.values is not None else ("NULL",) * columns
    cells = [
        str(number),
        position_literal(row.position),
        f"{literal(row.version)}::xid",
        literal(row.values is not None),
        *written,
    ]
    return f"({', '.join(cells)})"
