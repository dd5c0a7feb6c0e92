"""ADD COLUMN under a steady load: how long do the application's queries wait?

Writers send short transactions to a table all the time, and a migration adds a column: with nothing else
in its way, and while a report holds a read lock for a while. Beside it the same column is added with one
patient try, as a runner without retries does it. The aim: the column is added, and no query of the
application waits longer than ``lock_timeout`` and 100 ms.

It is part of ``python -m benchmarks``; ``python -m benchmarks.lock_load`` measures and prints it alone.
"""

from __future__ import annotations

import json
import platform
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg

from asyncmig import Migrator, embedded
from asyncmig.errors import AsyncmigError
from asyncmig.events import Event, PhaseRetried

if TYPE_CHECKING:
    from collections.abc import Callable

WRITERS = 6
GRACE = 0.1
EDGES = (0.0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 5.1, float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds: of a report, from one to the next, of load before the migration and after it."""

    report: float = 1.2
    every: float = 1.6
    before: float = 1.8  # a report has just begun
    after: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What stands in the way, and the settings of the run; ``aimed`` where the aim is for it."""

    name: str
    reports: bool
    lock_timeout: float
    lock_retries: int
    aimed: bool = True


SCENARIOS = (
    Scenario(name="short transactions", reports=False, lock_timeout=5.0, lock_retries=10),
    Scenario(name="and reports", reports=True, lock_timeout=5.0, lock_retries=10),
    Scenario(name="and reports, 0.25 s", reports=True, lock_timeout=0.25, lock_retries=30),
    Scenario(
        name="and reports, one try", reports=True, lock_timeout=5.0, lock_retries=0, aimed=False
    ),
)
QUICK = Pace(report=0.3, every=0.4, before=0.45, after=0.1)


@dataclass
class Load:
    """What the application saw: the duration of each of its transactions, in seconds."""

    pace: Pace
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
                "BEGIN; SELECT sum(balance) FROM account;"
                f" SELECT pg_sleep({self.pace.report}); COMMIT"
            )
            await anyio.sleep(self.pace.every - self.pace.report)
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


async def under_load(url: str, scenario: Scenario, pace: Pace) -> dict[str, object]:
    """Migrate while the load runs, in an empty database."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        " CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);"
        " INSERT INTO account SELECT i, 0 FROM generate_series(0, 999) AS i"
    )
    await connection.close()
    load, events, failure = Load(pace), list[Event](), None
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions"
        versions.mkdir()
        (versions / "a1.py").write_text(
            "revision = 'a1'\ndown_revision = None\n\n"
            "def upgrade(op):\n    op.execute('ALTER TABLE account ADD COLUMN note text')\n"
        )
        migrator = Migrator(
            url,
            script_location=folder,
            on_event=events.append,
            lock_timeout=scenario.lock_timeout,
            lock_retries=scenario.lock_retries,
        )
        async with anyio.create_task_group() as group:
            for _ in range(WRITERS):
                group.start_soon(load.write, url)
            if scenario.reports:
                group.start_soon(load.report, url)
            await anyio.sleep(pace.before)
            began = time.perf_counter()
            try:
                await migrator.upgrade()
            except AsyncmigError as error:
                failure = str(error)
            elapsed = time.perf_counter() - began
            await anyio.sleep(pace.after)
            load.stopped = True
    longest = max(load.durations)
    return {
        "name": scenario.name,
        "lock_timeout": scenario.lock_timeout,
        "lock_retries": scenario.lock_retries,
        "added": failure is None,
        "failure": failure,
        "seconds": round(elapsed, 3),
        "tries": 1 + sum(isinstance(event, PhaseRetried) for event in events),
        "transactions": len(load.durations),
        "longest_wait": round(longest, 4),
        "p99": round(sorted(load.durations)[len(load.durations) * 99 // 100], 4),
        "met": (
            failure is None and longest <= scenario.lock_timeout + GRACE if scenario.aimed else None
        ),
        "histogram": load.histogram(),
    }


async def measure(
    url: str, pace: Pace, told: Callable[[str], None] = lambda _: None
) -> list[dict[str, object]]:
    """All scenarios, one after the other, in a database that is theirs."""
    # importing blocks the loop that measures: once, and not below
    await under_load(url, SCENARIOS[0], QUICK)
    found = []
    for scenario in SCENARIOS:
        told(f"lock load: {scenario.name}")
        found.append(await under_load(url, scenario, pace))
    return found


def table(found: list[dict[str, Any]]) -> str:
    """Plain text, a line for each scenario."""
    lines = [
        "ADD COLUMN under load: how long the application's transactions waited",
        f"{'':24}{'added in':>10}{'tries':>7}{'limit':>9}{'longest':>10}{'p99':>10}{'count':>8}",
    ]
    for one in found:
        added = f"{one['seconds']:.2f} s" if one["added"] else "failed"
        word = {True: "  met", False: "  MISSED", None: ""}[one["met"]]
        lines.append(
            f"  {one['name']:22}{added:>10}{one['tries']:>7}{one['lock_timeout']:>7.2f} s"
            f"{one['longest_wait']:>8.3f} s{one['p99']:>8.3f} s{one['transactions']:>8,}{word}"
        )
    lines.append("  aim: added, and no wait longer than lock_timeout and 100 ms")
    return "\n".join(lines)


async def alone() -> dict[str, object]:
    """On a private server."""
    async with embedded.server() as server:
        found = await measure(server.url, Pace())
    print(table(found), file=sys.stderr)
    return {"python": platform.python_version(), "lock_load": found}


if __name__ == "__main__":
    print(json.dumps(anyio.run(alone), indent=2))
