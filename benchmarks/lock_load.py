"""ADD COLUMN under a steady load: how long do the application's queries wait?

``python -m benchmarks.lock_load`` prints JSON. Writers send short transactions to a table all the
time, reports hold a read lock on it for a while, and a migration adds a column. Beside it the same column
is added with a single patient try, as a runner without retries does it.
"""

from __future__ import annotations

import json
import platform
import random
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import asyncpg

from asyncmig import Migrator, embedded
from asyncmig.events import Event, PhaseRetried

WRITERS = 6
REPORT_SECONDS = 1.2
REPORT_EVERY = 1.6
SECONDS_BEFORE = 1.8  # a report has just begun
SECONDS_AFTER = 1.0
EDGES = (0.0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 5.1, float("inf"))


@dataclass
class Load:
    """What the application saw: the duration of each of its transactions, in seconds."""

    durations: list[float] = field(default_factory=list)
    stopped: bool = False

    async def write(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        while not self.stopped:
            began = time.perf_counter()
            row = random.randrange(1000)
            await connection.execute(f"UPDATE account SET balance = balance + 1 WHERE id = {row}")
            self.durations.append(time.perf_counter() - began)
            await anyio.sleep(0.005)
        await connection.close()

    async def report(self, url: str) -> None:
        connection = await asyncpg.connect(url, server_settings={"application_name": "report"})
        while not self.stopped:
            await connection.execute(
                f"BEGIN; SELECT sum(balance) FROM account; SELECT pg_sleep({REPORT_SECONDS}); COMMIT"
            )
            await anyio.sleep(REPORT_EVERY - REPORT_SECONDS)
        await connection.close()

    def histogram(self) -> list[dict[str, float | str | int]]:
        return [
            {
                "from": low,
                "below": high if high != float("inf") else "more",
                "transactions": sum(low <= duration < high for duration in self.durations),
            }
            for low, high in pairwise(EDGES)
        ]


async def under_load(url: str, **settings: Any) -> dict[str, object]:
    """Migrate while the load runs."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        " CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);"
        " INSERT INTO account SELECT i, 0 FROM generate_series(0, 999) AS i"
    )
    await connection.close()
    load, events = Load(), list[Event]()
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions"
        versions.mkdir()
        (versions / "a1.py").write_text(
            "revision = 'a1'\ndown_revision = None\n\n"
            "def upgrade(op):\n    op.execute('ALTER TABLE account ADD COLUMN note text')\n"
        )
        migrator = Migrator(url, script_location=folder, on_event=events.append, **settings)
        async with anyio.create_task_group() as group:
            for _ in range(WRITERS):
                group.start_soon(load.write, url)
            group.start_soon(load.report, url)
            await anyio.sleep(SECONDS_BEFORE)
            began = time.perf_counter()
            result = await migrator.upgrade()
            elapsed = time.perf_counter() - began
            await anyio.sleep(SECONDS_AFTER)
            load.stopped = True
    return {
        "added": result.revisions == ("a1",),
        "seconds": round(elapsed, 3),
        "tries": 1 + sum(isinstance(event, PhaseRetried) for event in events),
        "lock_timeout": migrator.settings.lock_timeout,
        "transactions": len(load.durations),
        "longest_wait": round(max(load.durations), 3),
        "p99": round(sorted(load.durations)[len(load.durations) * 99 // 100], 4),
        "histogram": load.histogram(),
    }


async def measure() -> dict[str, object]:
    """Both ways, on a private server."""
    async with embedded.server() as server:
        await under_load(server.url)  # importing blocks the loop that measures: once, and not below
        return {
            "python": platform.python_version(),
            "retries": await under_load(server.url),
            "single_try": await under_load(server.url, lock_retries=0),
        }


if __name__ == "__main__":
    print(json.dumps(anyio.run(measure), indent=2))
