"""Running one batch: where it ends, what its function gives, and the statement that commits it."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.backfill.batches.function_sql import ComputedRow, read_query, write_batch
from asyncmig.backfill.batches.row_function import values_sql
from asyncmig.backfill.batches.sql import batch, bound_query, tail_query, window
from asyncmig.errors import BackfillError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

    from asyncmig.backfill.batches.keys import BatchTable, Position, Range
    from asyncmig.backfill.batches.row_function import RowFunction
    from asyncmig.bookkeeping.backfill_tables import BackfillTables
    from asyncmig.database.session import Session

__all__ = ["BatchOutcome", "BatchRun"]

FUNCTION_SHARE = 20
"""A function may take so many times the duration of a batch: no lock is held meanwhile."""

_TYPES = """\
SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = $1 AND a.attname = ANY ($2::text[]) AND a.attnum > 0 AND NOT a.attisdropped"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What a committed batch has done.

    Attributes:
        rows: that were changed.
        unchanged: for which the condition is still true.
        waiting: sessions that waited for its rows.
        writers: transactions of other sessions that wrote at its end.
        elapsed: the time by which the size of the next batch is decided, in seconds.
        conflict: a row was changed by another session while the function worked.
    """

    rows: int
    unchanged: int
    waiting: int
    writers: tuple[str, ...]
    elapsed: float
    conflict: bool = False


class BatchRun:
    """Runs batches over one session.

    Args:
        session: the worker's.
        tables: of the jobs.
        function: of a backfill that has one.

    Attributes:
        scanned: rows of the last batch.
        bound: its last key; None is the end of the range.
    """

    def __init__(
        self, session: Session, tables: BackfillTables, function: RowFunction | None
    ) -> None:
        self._session = session
        self._tables = tables
        self._function = function
        self._rate: float | None = None
        self._types: dict[str, str] = {}
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self.scanned = 0
        self.bound: Position | None = None

    async def run(
        self, table: BatchTable, part: Range, size: int, *, locked: bool = False
    ) -> BatchOutcome | None:
        """Run one batch of about ``size`` rows.

        Args:
            table: whose rows.
            part: the range.
            size: rows.
            locked: hold the locks of the rows while the function works.

        Returns:
            None where the range or the table has changed, or the job does not run.
        """
        if not locked:
            return await self._run(table, part, size)
        await self._session.send("BEGIN")
        try:
            outcome = await self._run(table, part, size, locked=True)
            await self._session.send("COMMIT")
        except BaseException:
            await self._session.clean_up("ROLLBACK")
            raise
        return outcome

    async def _run(
        self, table: BatchTable, part: Range, size: int, *, locked: bool = False
    ) -> BatchOutcome | None:
        await self._find_end(table, part, size)
        began = time.monotonic()
        sql = await self._statement(table, part, size, locked=locked)
        computed = time.monotonic()
        done = await self._session.fetch(sql)
        if not done:
            return None
        elapsed = time.monotonic() - computed
        self._rate = self.scanned / max(elapsed + computed - began, 0.001)
        return BatchOutcome(
            rows=done[0]["rows"],
            unchanged=done[0]["unchanged"],
            waiting=done[0]["waiting"],
            writers=tuple(done[0]["writers"]),
            elapsed=max(elapsed, (computed - began) / FUNCTION_SHARE),
            conflict=done[0].get("conflict") or False,
        )

    async def _find_end(self, table: BatchTable, part: Range, size: int) -> None:
        among = window(table, part, size)
        found = await self._session.fetch(bound_query(table, among, size))
        if found:
            self.scanned, self.bound = size, tuple(found[0]["bound"])
            return
        rest = await self._session.fetch(tail_query(table, among, size))
        self.scanned, self.bound = rest[0]["scanned"], None if among is part else among.upper

    async def _statement(
        self, table: BatchTable, part: Range, size: int, *, locked: bool = False
    ) -> str:
        bound, scanned, rate, worker = self.bound, self.scanned, self._rate, self._worker
        if self._function is not None:
            among = part if bound is None else replace(part, upper=bound)
            rows = await self._session.fetch(read_query(table, among, locked=locked))
            if rows:
                columns, computed = await self._compute(self._function, table, rows)
                return write_batch(
                    self._tables,
                    table,
                    part,
                    columns,
                    computed,
                    bound=bound,
                    scanned=scanned,
                    size=size,
                    rate=rate,
                    worker=worker,
                )
        return batch(
            self._tables,
            table,
            part,
            bound=bound,
            scanned=scanned,
            size=size,
            rate=rate,
            worker=worker,
        )

    async def _compute(
        self, function: RowFunction, table: BatchTable, rows: list[asyncpg.Record]
    ) -> tuple[tuple[str, ...], list[ComputedRow]]:
        """Call the function with rows.

        Returns:
            The columns to write, and what is written into each row.
        """
        names = table.definition.columns
        answers = await function([{name: row[name] for name in names} for row in rows])
        first = next((values for values in answers if values is not None), {})
        types = await self._types_of(table, first)

        def compute() -> list[ComputedRow]:
            return [
                ComputedRow(
                    position=tuple(row["asyncmig_key"]),
                    version=row["asyncmig_version"],
                    values=None if values is None else values_sql(values, types),
                )
                for row, values in zip(rows, answers, strict=True)
            ]

        return tuple(types), await anyio.to_thread.run_sync(compute)

    async def _types_of(self, table: BatchTable, values: Mapping[str, object]) -> dict[str, str]:
        """The types of the columns that a function gives.

        Raises:
            BackfillError: the table has no such column.
        """
        if set(values) - set(self._types):
            rows = await self._session.fetch(_TYPES, table.oid, list(values))
            self._types = {row["name"]: row["type"] for row in rows}
        definition = table.definition
        unknown = ", ".join(sorted(map(str, set(values) - set(self._types))))
        if unknown:
            raise BackfillError(
                f"backfill {definition.name}: the function {definition.function} gave values for"
                f" {unknown}, and {table.name} has no such column",
                hint="correct the keys of its mappings, or add the column in an earlier revision",
                backfill=definition.name,
                state="failed",
            )
        return {name: self._types[name] for name in values}
