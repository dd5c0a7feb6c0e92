"""A backfill of a large table: rows per second, beside one UPDATE and a plain loop in asyncpg.

The table has a bigint key, a text and an index on it; the backfill writes ``lower(text)`` into a new column
of every row. All contenders take turns on tables of their own, with a CHECKPOINT before each. The loop is the
one that people write: a keyset query with LIMIT, and an UPDATE of its rows, in one prepared statement.

It is part of ``python -m benchmarks``; alone, on a server with settings of one's own:
``python -m benchmarks.backfill_rates [ROWS [REPETITIONS]] [NAME=VALUE ...]``.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import asyncpg

from asyncmig import Migrator, embedded
from asyncmig.events import BackfillProgress, Event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BATCH = 5000
AIM = 0.9

TABLE = """\
DROP TABLE IF EXISTS account;
CREATE TABLE account (id bigint PRIMARY KEY, email text NOT NULL, email_lower text);
INSERT INTO account
SELECT i, 'Person-' || md5(i::text) || '@Example.org' FROM generate_series(1, {rows}) AS i;
CREATE INDEX account_email ON account (email);
ANALYZE account"""

LOOP = """\
WITH batch AS (
    SELECT id FROM account WHERE id > $1 AND email_lower IS NULL ORDER BY id LIMIT {batch}
    FOR UPDATE
), changed AS (
    UPDATE account SET email_lower = lower(email) FROM batch WHERE account.id = batch.id
    RETURNING account.id
)
SELECT max(id) FROM changed"""

SCRIPT = """\
revision = "one"
down_revision = None


def upgrade(op):
    op.backfill(
        "account", {"email_lower": "lower(email)"}, where="email_lower IS NULL", name="lower", deferred=True
    )
"""


FUNCTION = """\
revision = "one"
down_revision = None


def lower(rows):
    return [{"email_lower": row["email"].lower()} for row in rows]


def upgrade(op):
    op.backfill_with(
        lower, "account", columns=["email"], where="email_lower IS NULL", deferred=True
    )
"""

Measured: TypeAlias = "tuple[list[float], float]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to change all rows.

    Attributes:
        name: of the way.
        run: gives the rates of the tenths of the table, if it knows them, and how many bytes the memory of
            the process has grown from the first tenth to the end.
        script: of the revision with the backfill.
    """

    name: str
    run: Callable[[str, Path, int], Awaitable[Measured]]
    script: str = SCRIPT


async def one_update(url: str, _folder: Path, _rows: int) -> Measured:
    """Everything in one transaction."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "UPDATE account SET email_lower = lower(email) WHERE email_lower IS NULL"
    )
    await connection.close()
    return [], 0.0


async def plain_loop(url: str, _folder: Path, rows: int) -> Measured:
    """A transaction for each batch, by the key."""
    connection = await asyncpg.connect(url)
    statement = await connection.prepare(LOOP.format(batch=BATCH))
    last: int | None = 0
    done, points = 0, [(time.perf_counter(), 0)]
    while (last := await statement.fetchval(last)) is not None:
        done = min(done + BATCH, rows)
        points.append((time.perf_counter(), done))
    await connection.close()
    return tenths(points, rows), 0.0


def asyncmig(workers: int, **settings: Any) -> Callable[[str, Path, int], Awaitable[Measured]]:
    """A deferred backfill, run by so many workers."""

    async def run(url: str, folder: Path, rows: int) -> Measured:
        points = [(time.perf_counter(), 0)]
        memory: list[float] = []

        def note(event: Event) -> None:
            if isinstance(event, BackfillProgress):
                points.append((time.perf_counter(), event.scanned))
                if event.scanned >= rows / 10:
                    memory.append(resident_memory())

        migrator = Migrator(url, script_location=folder, on_event=note, **settings)
        await migrator.run_backfills(workers=workers)
        parts = tenths([*points, (time.perf_counter(), rows)], rows)
        return parts, memory[-1] - memory[0] if memory else 0.0

    return run


def resident_memory() -> float:
    """The memory of this process in bytes; 0 where there is no /proc."""
    path = Path("/proc/self/statm")
    return float(path.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") if path.exists() else 0.0


FIXED = {"backfill_batch_size": BATCH, "backfill_largest_batch": BATCH}

CONTENDERS = (
    Contender(name="one UPDATE", run=one_update),
    Contender(name="plain loop", run=plain_loop),
    Contender(name="asyncmig, 1 worker, 5000", run=asyncmig(1, **FIXED)),
    Contender(name="asyncmig, 2 workers, 5000", run=asyncmig(2, **FIXED)),
    Contender(name="asyncmig, 1 worker, 100 ms", run=asyncmig(1)),
    Contender(name="asyncmig, a function", run=asyncmig(1), script=FUNCTION),
)


def tenths(points: list[tuple[float, int]], rows: int) -> list[float]:
    """Rows per second in each tenth of the table, between the points that were noted."""
    rates = []
    for tenth in range(10):
        low, high = rows * tenth // 10, rows * (tenth + 1) // 10
        seconds = _time_at(points, high) - _time_at(points, low)
        rates.append((high - low) / seconds if seconds > 0 else 0.0)
    return rates


def _time_at(points: list[tuple[float, int]], rows: int) -> float:
    """When so many rows were done, by interpolation."""
    for (before, low), (after, high) in itertools.pairwise(points):
        if low <= rows <= high and high > low:
            return before + (after - before) * (rows - low) / (high - low)
    return points[-1][0]


async def prepare(
    connection: asyncpg.Connection, url: str, folder: Path, rows: int, script: str = SCRIPT
) -> None:
    """Make the table anew, and record a deferred backfill of it."""
    await connection.execute(TABLE.format(rows=rows))
    if await connection.fetchval("SELECT to_regclass('alembic_version')"):
        await connection.execute(
            "DROP TABLE alembic_version, asyncmig_journal, asyncmig_backfill,"
            " asyncmig_backfill_range, asyncmig_backfill_failure"
        )
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "versions" / "one.py").write_text(script, encoding="utf-8")
    await Migrator(url, script_location=folder).upgrade()


async def measure(
    url: str, rows: int, repetitions: int, told: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The rates of all contenders, in turn."""
    samples: dict[str, list[float]] = {each.name: [] for each in CONTENDERS}
    parts: dict[str, list[float]] = {}
    growth: dict[str, float] = {}
    connection = await asyncpg.connect(url)
    with tempfile.TemporaryDirectory(prefix="asyncmig-") as scratch:
        folder = Path(scratch)
        for number in range(repetitions):
            for each in CONTENDERS:
                told(f"backfill, {each.name}, {number + 1} of {repetitions}")
                await prepare(connection, url, folder, rows, each.script)
                await connection.execute("CHECKPOINT")
                began = time.perf_counter()
                parts[each.name], growth[each.name] = await each.run(url, folder, rows)
                samples[each.name].append(rows / (time.perf_counter() - began))
                done = await connection.fetchval(
                    "SELECT count(*) FROM account WHERE email_lower = lower(email)"
                )
                if done != rows:
                    raise AssertionError(f"{each.name} has changed {done} of {rows} rows")
    await connection.close()
    medians = {name: statistics.median(found) for name, found in samples.items()}
    return [
        {
            "name": each.name,
            "rows": rows,
            "samples": samples[each.name],
            "rate": medians[each.name],
            "of_the_loop": medians[each.name] / medians["plain loop"],
            "tenths": parts[each.name],
            "memory_growth": growth[each.name],
            "met": not each.name.endswith("5000")
            or medians[each.name] >= AIM * medians["plain loop"],
        }
        for each in CONTENDERS
    ]


def table(found: list[dict[str, Any]]) -> str:
    """The rates as text."""
    lines = [
        f"{'backfill':28} {'rows/s':>9} {'of the loop':>12}  first and last tenth, more memory"
    ]
    for one in found:
        parts = one["tenths"]
        memory = f", {one['memory_growth'] / 1e6:.1f} MB"
        ends = f"{parts[0]:,.0f}, {parts[-1]:,.0f}{memory}" if parts else ""
        met = "" if one["met"] else "  missed"
        lines.append(
            f"{one['name']:28} {one['rate']:9,.0f} {one['of_the_loop']:11.2f}x  {ends}{met}"
        )
    return "\n".join(lines)


async def alone(rows: int, repetitions: int, settings: dict[str, str]) -> list[dict[str, Any]]:
    """Measure on a private server that is as durable as one in production.

    Args:
        rows: of the table.
        repetitions: of each contender.
        settings: further ones of the server.
    """
    durable = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_wal_size": "1GB",  # the default; an embedded server has small files, so that it has 64 MB
    }
    async with embedded.server(settings=durable | settings) as server:
        return await measure(
            server.url, rows, repetitions, lambda what: print(what, file=sys.stderr)
        )


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    further = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    count, times = (*numbers, *(1_000_000, 3)[len(numbers) :])
    rates = anyio.run(alone, count, times, further)
    print(table(rates))
    print(json.dumps({"python": platform.python_version(), "backfill": rates}, indent=1))
