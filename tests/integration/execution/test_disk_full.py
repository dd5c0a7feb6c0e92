"""A disk that is full: a true journal, a clear error, and the next run goes on once there is room.

Once with a server whose files cannot grow beyond a size, which everybody may start; and where we may mount
one, with a tablespace on a file system of a few megabytes.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from asyncmig import Migrator, embedded
from asyncmig.errors import PartiallyAppliedError, StatementFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

pytestmark = pytest.mark.slow

MEGABYTES = 24
"""More than a segment of the write-ahead log, which is a file as well."""

WIDE = " || ".join(f"md5((i + {number})::text)" for number in range(8))
ROWS = 120_000
"""So many rows of ``WIDE``, 256 bytes each, do not fit."""


def may_mount() -> bool:
    """Whether we have CAP_SYS_ADMIN, bit 21."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> 21 & 1)


@dataclass
class Disk:
    """A server; SQL for tables and indexes on the small disk; how it is told that it is full."""

    url: str
    place: str
    sqlstate: str
    words: str
    make_room: Callable[[], Awaitable[None]]

    async def ask(self, query: str) -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    options = f"size={MEGABYTES}m,mode=0777"
    command = ["mount", "-t", "tmpfs", "-o", options, "asyncmig-test", str(folder)]
    subprocess.run(command, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def small_file_system(folder: Path) -> AsyncIterator[Disk]:
    place = folder / "small"
    place.mkdir()
    with mounted(place):
        async with embedded.server() as server:
            space = place / "space"
            space.mkdir()
            owner = server.data_dir.stat()
            shutil.chown(space, owner.st_uid, owner.st_gid)

            async def make_room() -> None:
                remount = ["mount", "-o", f"remount,size={8 * MEGABYTES}m", str(place)]
                subprocess.run(remount, check=True)

            words = "No space left on device"
            disk = Disk(server.url, "TABLESPACE small", "53100", words, make_room)
            connection = await asyncpg.connect(server.url)
            await connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            await connection.close()
            yield disk


def limited_programs(folder: Path) -> Path:
    """PostgreSQL's programs, with a server whose files stay small."""
    folder.mkdir()
    programs = embedded.binaries()
    for program in programs.iterdir():
        (folder / program.name).symlink_to(program)
    server = folder / "postgres"
    server.unlink()
    blocks = MEGABYTES * 2048  # of 512 bytes, as POSIX has it
    server.write_text(f'#!/bin/sh\nulimit -f {blocks}\nexec "{programs / "postgres"}" "$@"\n')
    server.chmod(0o755)
    return folder


@asynccontextmanager
async def small_files(folder: Path) -> AsyncIterator[Disk]:
    data = folder / "data"
    async with AsyncExitStack() as limited, AsyncExitStack() as unlimited:
        first = embedded.server(data, bin_dir=limited_programs(folder / "bin"))
        server = await limited.enter_async_context(first)

        async def make_room() -> None:
            await limited.aclose()
            disk.url = (await unlimited.enter_async_context(embedded.server(data))).url

        disk = Disk(server.url, "", "XX000", "File too large", make_room)
        yield disk


WAYS = {"files": small_files} | ({"file system": small_file_system} if may_mount() else {})


@pytest.fixture(params=WAYS)
async def disk(request) -> AsyncIterator[Disk]:
    with tempfile.TemporaryDirectory(prefix="asyncmig-") as folder:
        Path(folder).chmod(0o711)  # the server's account passes through
        async with WAYS[request.param](Path(folder)) as disk:
            yield disk


async def test_a_full_disk_in_a_transaction(disk, project):
    project.revision("a1", upgrade=f'op.execute("CREATE TABLE t (i int, w text) {disk.place}")')
    rows = f"INSERT INTO t SELECT i, {WIDE} FROM generate_series(1, {ROWS}) AS i"
    path = project.revision(
        "b1", down="a1", upgrade=f"op.execute('CREATE TABLE u (i int)')\nop.execute({rows!r})"
    )
    migrator = Migrator(disk.url, script_location=project.script_location)
    with pytest.raises(StatementFailedError, match=disk.words) as caught:
        await migrator.upgrade()
    error = caught.value
    assert not isinstance(error, PartiallyAppliedError)
    assert (error.sqlstate, error.applied, error.revision) == (disk.sqlstate, ("a1",), "b1")
    assert error.origin.startswith(str(path))
    assert "nothing of b1 was kept" in error.hint
    assert [(row.revision, row.state) for row in await migrator.journal()] == [
        ("b1", "failed"),
        ("a1", "done"),
    ]
    assert (await migrator.status()).state == "pending"
    assert await disk.ask("SELECT to_regclass('u')") == [(None,)]

    await disk.make_room()
    migrator = Migrator(disk.url, script_location=project.script_location)
    assert (await migrator.upgrade()).revisions == ("b1",)
    assert await disk.ask("SELECT count(*) FROM t") == [(ROWS,)]


async def test_a_full_disk_in_a_concurrent_index(disk, project):
    index = f"CREATE INDEX CONCURRENTLY t_w ON t (({WIDE})) {disk.place}"
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE t AS SELECT i FROM generate_series(1, {ROWS}) AS i")
            op.execute({index!r})
            op.execute("CREATE TABLE u (i int)")
        """,
    )
    migrator = Migrator(disk.url, script_location=project.script_location)
    with pytest.raises(PartiallyAppliedError, match=disk.words) as caught:
        await migrator.upgrade()
    assert (caught.value.sqlstate, caught.value.exit_code) == (disk.sqlstate, 5)
    assert "continues from there" in caught.value.hint
    failed, done = await migrator.journal()
    assert (failed.phase, failed.state, done.phase, done.state) == (1, "failed", 0, "done")
    assert disk.words in failed.error
    assert (await migrator.status()).state == "partial"
    assert await disk.ask("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass") == [
        (False,)
    ]

    await disk.make_room()
    migrator = Migrator(disk.url, script_location=project.script_location)
    assert (await migrator.upgrade()).revisions == ("a1",)
    assert (await migrator.status()).state == "current"
    assert [(entry.phase, entry.state) for entry in await migrator.journal()] == [
        (2, "done"),
        (1, "done"),
        (0, "done"),
    ]
    assert await disk.ask("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass") == [
        (True,)
    ]
