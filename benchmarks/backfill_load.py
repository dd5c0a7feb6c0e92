"""A backfill under a steady load: how long do the application's transactions wait?

Eight writers, in a process of their own, change random rows of the table in short transactions: first alone,
then while a backfill with default settings works on the same rows. The aims: the 99th percentile of their
durations is within twice that of the writers alone, and none waits longer than ``backfill_batch_time``
and 100 ms.

It is part of ``python -m benchmarks``; ``python -m benchmarks.backfill_load [ROWS]`` measures it alone.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
from anyio.streams.buffered import BufferedByteReceiveStream

from asyncmig import Migrator, embedded
from asyncmig.config.settings import Settings
from benchmarks.backfill_rates import prepare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskStatus

WRITERS = 8
PAUSE = 0.01
"""Seconds between two transactions of a writer."""

GRACE = 0.1
MOST = 2.0
"""How many times the 99th percentile of the writers alone is allowed."""

WRITE = "UPDATE account SET email_lower = email_lower WHERE id = $1"


async def write(url: str, rows: int) -> None:
    """Say when all are connected, write until standard input is closed, then print the durations."""
    durations: list[float] = []
    is_ended = anyio.Event()

    async def writer(*, task_status: TaskStatus[None]) -> None:
        connection = await asyncpg.connect(url)
        statement = await connection.prepare(WRITE)
        await statement.fetch(1)
        task_status.started()
        while not is_ended.is_set():
            began = time.perf_counter()
            await statement.fetch(random.randint(1, rows))
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
async def writing(url: str, rows: int) -> AsyncIterator[list[float]]:
    """Writers run in another process; their durations are known behind the block."""
    durations: list[float] = []
    command = [sys.executable, "-m", "benchmarks.backfill_load", "write", url, str(rows)]
    async with await anyio.open_process(command, stdin=PIPE, stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        output = BufferedByteReceiveStream(process.stdout)
        await output.receive_until(b"\n", 100)
        yield durations
        await process.stdin.aclose()
        text = b"".join([chunk async for chunk in output])
    durations += json.loads(text)


async def measure(
    url: str, rows: int, seconds: float, told: Callable[[str], None]
) -> list[dict[str, Any]]:
    """The writers alone for some time, then beside a backfill of the table."""
    with tempfile.TemporaryDirectory(prefix="asyncmig-") as folder:
        connection = await asyncpg.connect(url)
        await prepare(connection, url, Path(folder), rows)
        told("backfill, writers alone")
        async with writing(url, rows) as alone:
            await anyio.sleep(seconds)
        told("backfill, writers beside it")
        await connection.execute("CHECKPOINT")
        async with writing(url, rows) as beside:
            began = time.perf_counter()
            await Migrator(url, script_location=Path(folder)).run_backfills()
            elapsed = time.perf_counter() - began
        done = await connection.fetchval(
            "SELECT count(*) FROM account WHERE email_lower = lower(email)"
        )
        await connection.close()
    if done != rows:
        raise AssertionError(f"{done} of {rows} rows are changed")
    idle, busy = figures("writers alone", alone), figures("beside a backfill", beside)
    limit = Settings().backfill_batch_time + GRACE
    busy |= {
        "rate": rows / elapsed,
        "of_idle": busy["p99"] / idle["p99"],
        "met": busy["p99"] <= MOST * idle["p99"] and busy["longest"] <= limit,
    }
    return [idle, busy]


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
        ratio = f"  {one['of_idle']:.2f}x, {one['rate']:,.0f} rows/s" if "of_idle" in one else ""
        missed = "" if one.get("met", True) else "  missed"
        lines.append(
            f"{one['name']:28} {one['p50'] * 1000:6.1f} ms {one['p99'] * 1000:6.1f} ms"
            f" {one['longest'] * 1000:6.1f} ms {one['transactions']:9,}{ratio}{missed}"
        )
    return "\n".join(lines)


async def private(rows: int) -> list[dict[str, Any]]:
    """Measure on a private server that is as durable as one in production."""
    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    async with embedded.server(settings=durable) as server:
        return await measure(server.url, rows, 20.0, lambda what: print(what, file=sys.stderr))


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        anyio.run(write, sys.argv[2], int(sys.argv[3]))
    else:
        waits = anyio.run(private, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
        print(table(waits))
        print(json.dumps({"backfill_load": waits}, indent=1))
