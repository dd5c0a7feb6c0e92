"""Many processes migrate one database at the same time; a program that measures, and a test's tool.

``python tests/support/many_processes.py URL [PROCESSES]`` makes databases of its own on that server. A
history with two concurrent indexes on a table of 200,000 rows is migrated by one process, by many on a
database at head, by many on an empty one, on one half way, and while the one that works is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

PROGRAM = Path(__file__).with_name("run_migration.py")
ROWS = 200_000

REVISIONS = {
    "m1": (
        None,
        f"""
    op.execute("CREATE TABLE big (id int, name text)")
    op.execute("INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, {ROWS}) AS i")
""",
    ),
    "m2": ("m1", """    op.execute("CREATE INDEX CONCURRENTLY big_id ON big (id)")\n"""),
    "m3": (
        "m2",
        """
    op.execute("ALTER TABLE big ADD COLUMN note text")
    op.execute("CREATE INDEX CONCURRENTLY big_name ON big (name)")
    op.execute("COMMENT ON TABLE big IS 'migrated'")
""",
    ),
}
PHASES = [("m1", 0), ("m2", 0), ("m3", 0), ("m3", 1), ("m3", 2)]


@dataclass(frozen=True, kw_only=True)
class Race:
    """How many processes at once fared; ``killed`` of them were killed on purpose."""

    processes: int
    seconds: float
    failed: int
    killed: int
    phases_right: bool
    invalid_indexes: int
    locks_left: int

    @property
    def good(self) -> bool:
        return not self.failed and self.phases_right and not self.invalid_indexes


def write_history(folder: Path) -> Path:
    """The script directory."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for name, (down, body) in REVISIONS.items():
        text = f"revision = {name!r}\ndown_revision = {down!r}\n\ndef upgrade(op):\n{body}"
        (versions / f"{name}.py").write_text(text)
    return folder / "migrations"


async def race(url: str, folder: Path, processes: int, *, kill: bool = False) -> Race:
    """Start so many processes at once, and wait for all of them."""
    began = time.monotonic()
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, PROGRAM, url, folder, "upgrade", stdout=asyncio.subprocess.DEVNULL
        )
        for _ in range(processes)
    ]
    victim = await _kill_the_worker(url) if kill else None
    codes = {process.pid: await process.wait() for process in running}
    seconds = time.monotonic() - began
    if victim is not None:
        assert codes.pop(victim) == -signal.SIGKILL
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT revision, phase FROM asyncmig_journal WHERE state = 'done' ORDER BY id"
        )
        return Race(
            processes=processes,
            seconds=round(seconds, 2),
            failed=sum(code != 0 for code in codes.values()),
            killed=victim is not None,
            phases_right=[tuple(row) for row in rows] == PHASES,
            invalid_indexes=await connection.fetchval(
                "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
            ),
            locks_left=await connection.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
        )
    finally:
        await connection.close()


async def _kill_the_worker(url: str) -> int:
    """Kill the process that builds an index; the journal knows its id."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(120):
            while True:
                try:
                    pid = await connection.fetchval(
                        "SELECT pid FROM asyncmig_journal WHERE state = 'started'"
                    )
                except asyncpg.UndefinedTableError:
                    pid = None
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                    return int(pid)
                await asyncio.sleep(0.005)
    finally:
        await connection.close()


async def measure(server: str, processes: int) -> dict[str, object]:
    """All five races, each on a database of its own."""
    from asyncmig import Migrator

    admin = await asyncpg.connect(server)
    names = []

    async def database() -> str:
        name = f"many_{secrets.token_hex(4)}"
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        names.append(name)
        return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))

    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = write_history(Path(scratch))
            url = await database()
            alone = await race(url, folder, 1)
            at_head = await race(url, folder, processes)
            empty = await race(await database(), folder, processes)
            url = await database()
            await Migrator(url, script_location=folder).upgrade("m1")
            half_way = await race(url, folder, processes)
            killed = await race(await database(), folder, processes, kill=True)
    finally:
        for name in names:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
    return {
        "alone": asdict(alone),
        "at_head": asdict(at_head),
        "empty": asdict(empty),
        "half_way": asdict(half_way),
        "worker_killed": asdict(killed),
        "limit": round(alone.seconds + 1.3 * at_head.seconds, 2),
    }


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    print(json.dumps(asyncio.run(measure(sys.argv[1], count)), indent=2))
