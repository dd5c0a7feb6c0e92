"""``asyncmig plan --locks`` on a large schema: 50 statements, traced in a copy of 300 tables.

The aim: under 3 s with a running server for the copy. ``python -m benchmarks.plan_impact`` measures and
prints it. The CPU time of this process is printed beside the wall time, which other work on the machine
makes longer.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import asyncpg

from asyncmig import Migrator, embedded

TABLES = 300
REVISIONS = 10
STATEMENTS = 5
RUNS = 3
_SERVER_SETTINGS = {"max_locks_per_transaction": "8192", "max_connections": "20"}

_TABLE = """
CREATE TABLE t{0} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int NOT NULL DEFAULT 5, b text,
    base_id int REFERENCES base, created timestamptz DEFAULT now(), CHECK (a > 0)
);
CREATE INDEX ON t{0} (b);
CREATE INDEX ON t{0} (base_id);
"""


def write_revisions(folder: Path) -> None:
    """Revisions that change different tables."""
    versions = folder / "versions"
    versions.mkdir()
    for number in range(REVISIONS):
        lines = [
            f'    op.execute("ALTER TABLE t{number * STATEMENTS + each} ADD x int")'
            for each in range(STATEMENTS)
        ]
        parent = repr(f"r{number - 1}") if number else None
        text = "\n".join(
            [f'revision = "r{number}"', f"down_revision = {parent}", "def upgrade(op):", *lines]
        )
        (versions / f"r{number}.py").write_text(text + "\n")


async def measure() -> dict[str, object]:
    """The fastest of a few runs, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        write_revisions(Path(folder))
        async with (
            embedded.server(settings=_SERVER_SETTINGS) as target,
            embedded.server(settings=_SERVER_SETTINGS) as shadow,
        ):
            connection = await asyncpg.connect(target.url)
            await connection.execute("CREATE TABLE base (id int PRIMARY KEY)")
            for number in range(TABLES):
                await connection.execute(_TABLE.format(number))
            await connection.close()
            migrator = Migrator(target.url, script_location=folder, shadow_url=shadow.url)
            plan = await migrator.plan()
            times = []
            for _ in range(RUNS):
                wall, cpu = time.perf_counter(), time.process_time()
                impact = await migrator.impact(plan)
                times.append((time.perf_counter() - wall, time.process_time() - cpu))
                assert {each.source for each in impact.statements} == {"traced"}
                assert len(impact.statements) == REVISIONS * STATEMENTS
                assert not impact.incomplete
    wall, cpu = min(times)
    return {
        "tables": TABLES,
        "statements": REVISIONS * STATEMENTS,
        "seconds": round(wall, 2),
        "cpu_seconds": round(cpu, 2),
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure()), indent=2))
