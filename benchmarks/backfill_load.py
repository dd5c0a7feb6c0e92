"""A backfill under a steady load: how long do the application's transactions wait?

Eight writers, in a process of their own, change random rows of the table in short transactions, for some
seconds each: alone; beside a process that only burns a core, which shows what part the machine has; beside a
backfill that takes all of the time (``backfill_busy_percent`` 100), and beside one with default settings.
The aims are for the last: the 99th percentile of the durations is within twice that of the writers alone, and
none waits longer than ``backfill_batch_time`` and 100 ms. The median of several rounds is taken.

It is part of ``python -m benchmarks``; ``python -m benchmarks.backfill_load [ROWS]`` measures it alone.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
from anyio.streams.buffered import BufferedByteReceiveStream

from asyncmig import Migrator, embedded
from asyncmig.config.settings import Settings
from benchmarks.backfill_rates import prepare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from anyio.abc import TaskStatus

WRITERS = 8
PAUSE = 0.01
"""Seconds between two transactions of a writer."""

SETTLE = 2.0
"""Seconds that do not count: the backfill's process starts, and its first batch has not seen a writer."""

GRACE = 0.1
MOST = 2.0
"""How many times the 99th percentile of the writers alone is allowed."""

LIKE_PRODUCTION = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",  # the default; an embedded server has small files, so that it has 64 MB
}
"""Settings of a private server."""

BURN = "while True: pass"
BUSY_PERCENTS = {
    "beside a backfill at 100%": 100,
    "beside a backfill": Settings().backfill_busy_percent,
}

WRITE = "UPDATE account SET email_lower = email_lower WHERE id = $1"


async def write(url: str, rows: int, sql: str, settle: float) -> None:
    """Say when all are connected, write until standard input is closed, then print the durations.

    Args:
        url: of the database.
        rows: of the table.
        sql: the statement; its parameter is a number of a row.
        settle: seconds at the beginning that are left out.
    """
    durations: list[float] = []
    first = time.perf_counter() + settle
    is_ended = anyio.Event()

    async def writer(*, task_status: TaskStatus[None]) -> None:
        connection = await asyncpg.connect(url)
        statement = await connection.prepare(sql)
        await statement.fetch(1)
        task_status.started()
        while not is_ended.is_set():
            began = time.perf_counter()
            await statement.fetch(random.randint(1, rows))
            if began >= first:
                durations.append(time.perf_counter() - began)
            await anyio.sleep(PAUSE)
        await connection.close()

    async with anyio.create_task_group() as group:
        for _ in range(WRITERS):
            await group.start(writer)
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)
        is_ended.set()
    print(json.dumps(durations))


@asynccontextmanager
async def writing(
    url: str, rows: int, sql: str = WRITE, *, settle: float = 0.0
) -> AsyncIterator[list[float]]:
    """Writers run in another process; their durations are known behind the block."""
    durations: list[float] = []
    command = [
        sys.executable,
        "-m",
        "benchmarks.backfill_load",
        "write",
        url,
        str(rows),
        sql,
        str(settle),
    ]
    async with await anyio.open_process(command, stdin=PIPE, stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = BufferedByteReceiveStream(process.stdout)
        await output.receive_until(b"\n", 100)
        yield durations
        await process.stdin.aclose()
        text = b"".join([chunk async for chunk in output])
    durations += json.loads(text)


@contextmanager
def burning() -> Iterator[None]:
    """A process uses a core."""
    process = Popen([sys.executable, "-c", BURN])
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def measure(
    url: str, rows: int, seconds: float, rounds: int, told: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The writers alone and beside each of the others, in turn.

    Args:
        url: of the database.
        rows: of the table.
        seconds: for each.
        rounds: how often.
        told: called with what is measured next.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="asyncmig-") as folder:
        connection = await asyncpg.connect(url)
        await prepare(connection, url, Path(folder), rows)
        await connection.execute("CHECKPOINT")

        async def run(name: str, work: Callable[[], Awaitable[object]]) -> None:
            told(f"backfill, {name}")
            before = await _scanned(connection)
            settle = min(SETTLE, seconds / 4)
            async with writing(url, rows, settle=settle) as durations:
                with anyio.move_on_after(seconds):
                    await work()
            rate = (await _scanned(connection) - before) / seconds
            found.setdefault(name, []).append(figures(name, durations) | {"rate": rate})

        for _ in range(rounds):
            await run("writers alone", anyio.sleep_forever)
            with burning():
                await run("beside a busy process", anyio.sleep_forever)
            for name, percent in BUSY_PERCENTS.items():
                if await _scanned(connection) > rows * 0.7:
                    await prepare(connection, url, Path(folder), rows)
                    await connection.execute("CHECKPOINT")
                migrator = Migrator(
                    url, script_location=Path(folder), backfill_busy_percent=percent
                )
                await run(name, migrator.run_backfills)
        await Migrator(url, script_location=Path(folder)).run_backfills()
        done = await connection.fetchval(
            "SELECT count(*) FROM account WHERE email_lower = lower(email)"
        )
        await connection.close()
    if done != rows:
        raise AssertionError(f"{done} of {rows} rows are changed")
    return _summaries(found)


def _summaries(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The medians of the rounds, beside those of the writers alone."""
    summaries = [
        {
            "name": name,
            "transactions": sum(one["transactions"] for one in rounds),
            "p50": statistics.median(one["p50"] for one in rounds),
            "p99": statistics.median(one["p99"] for one in rounds),
            "longest": max(one["longest"] for one in rounds),
            "rate": statistics.median(one["rate"] for one in rounds),
            "rounds": rounds,
        }
        for name, rounds in found.items()
    ]
    limit = Settings().backfill_batch_time + GRACE
    for one in summaries:
        one["of_idle"] = one["p99"] / summaries[0]["p99"]
    last = summaries[-1]
    last["met"] = last["of_idle"] <= MOST and last["longest"] <= limit
    return summaries


async def _scanned(connection: asyncpg.Connection) -> int:
    """How many rows the backfill has read."""
    return int(
        await connection.fetchval(
            "SELECT coalesce(sum(scanned), 0) FROM"
            " (SELECT scanned FROM asyncmig_backfill UNION ALL SELECT scanned FROM asyncmig_backfill_range)"
            " AS parts"
        )
    )


def figures(name: str, durations: list[float]) -> dict[str, Any]:
    """The durations of transactions, in seconds."""
    ordered = sorted(durations)
    return {
        "name": name,
        "transactions": len(ordered),
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "longest": ordered[-1],
    }


def table(found: list[dict[str, Any]]) -> str:
    """The waits as text."""
    lines = [
        f"{f'{WRITERS} writers':28} {'p50':>9} {'p99':>9} {'longest':>9} {'count':>9}  of the writers alone"
    ]
    for one in found:
        ratio = f"  {one['of_idle']:.2f}x"
        if one["rate"]:
            ratio += f", {one['rate']:,.0f} rows/s"
        missed = "" if one.get("met", True) else "  missed"
        lines.append(
            f"{one['name']:28} {one['p50'] * 1000:6.1f} ms {one['p99'] * 1000:6.1f} ms"
            f" {one['longest'] * 1000:6.1f} ms {one['transactions']:9,}{ratio}{missed}"
        )
    return "\n".join(lines)


async def private(rows: int) -> list[dict[str, Any]]:
    """Measure on a private server that is as durable as one in production."""
    async with embedded.server(settings=LIKE_PRODUCTION) as server:
        return await measure(server.url, rows, 8.0, 5, lambda what: print(what, file=sys.stderr))


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        anyio.run(write, sys.argv[2], int(sys.argv[3]), sys.argv[4], float(sys.argv[5]))
    else:
        waits = anyio.run(private, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
        print(table(waits))
        print(json.dumps({"backfill_load": waits}, indent=1))
