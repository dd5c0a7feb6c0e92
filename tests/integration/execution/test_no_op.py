"""An upgrade with nothing to do: what it reads, and what it must not overlook."""

from __future__ import annotations

import os
import socket
import sys

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import (
    ConnectionFailedError,
    HistoryError,
    MultipleHeadsError,
    PlanError,
)
from asyncmig.revisions import script_directory

OLD = 1_000_000_000  # seconds since 1970


@pytest.fixture
def read(monkeypatch):
    """How often a history was read."""
    times = []
    graph = script_directory.RevisionGraph

    def spy(revisions):
        times.append(1)
        return graph(revisions)

    monkeypatch.setattr(script_directory, "RevisionGraph", spy)
    return times


@pytest.fixture
def settled(monkeypatch):
    """Files that are new count as old: nothing else changes them within the grain of their times."""
    monkeypatch.setattr("asyncmig.revisions.cache.cache_file._GRAIN", -(10**12))


@pytest.fixture
def history(project, settled):
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE b (i int)")')
    return project


async def upgrade(project, url, target="heads"):
    return await Migrator(url, script_location=project.script_location).upgrade(target)


async def test_the_history_is_not_read(history, database_url, read):
    await upgrade(history, database_url)
    read.clear()
    for target in ("heads", "head"):
        result = await upgrade(history, database_url, target)
        assert (result.before, result.after, result.applied) == (("b1",), ("b1",), ())
        assert result.target == target
    assert read == []
    await upgrade(history, database_url, "b1")
    assert len(read) == 1


async def test_a_new_revision_is_seen_at_once(history, database_url):
    await upgrade(history, database_url)
    assert not await upgrade(history, database_url)
    history.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE c (i int)")')
    assert (await upgrade(history, database_url)).revisions == ("c1",)
    path = history.revision("d1", down="c1")
    os.utime(path, (OLD, OLD))
    assert (await upgrade(history, database_url)).revisions == ("d1",)


async def test_another_database_is_upgraded(history, make_database):
    await upgrade(history, make_database())
    assert (await upgrade(history, make_database())).revisions == ("a1", "b1")


async def test_head_of_several_is_an_error_all_the_same(history, database_url):
    history.revision("c1", down="a1")
    await upgrade(history, database_url)
    assert not await upgrade(history, database_url)
    with pytest.raises(MultipleHeadsError):
        await upgrade(history, database_url, "head")


async def test_a_half_undone_head_is_not_overlooked(history, database_url, pg):
    await upgrade(history, database_url)
    await pg.execute("UPDATE asyncmig_journal SET final = false WHERE revision = 'b1'")
    migrator = Migrator(database_url, script_location=history.script_location, journal=False)
    with pytest.raises(PlanError, match="is partially applied"):
        await migrator.upgrade()


@pytest.mark.parametrize("before", [False, True])
async def test_a_history_that_cannot_be_is_told_before_the_database(history, database_url, before):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        unused_port = probe.getsockname()[1]
    if before:
        await upgrade(history, database_url)
    history.revision("c1", down="nobody")
    nowhere = f"postgresql://nobody@127.0.0.1:{unused_port}/nothing"
    with pytest.raises(HistoryError):
        await upgrade(history, nowhere)
    migrator = Migrator(
        nowhere, script_location=history.script_location, wait_for_database=30, connect_timeout=1
    )
    with pytest.raises(HistoryError):
        await migrator.upgrade()
    (history.versions / "c1.py").unlink()
    with pytest.raises(ConnectionFailedError):
        await upgrade(history, nowhere)


FIRST_RUN = """
import asyncio, sys, threading
from asyncmig import Migrator

inside = []

def listen(event, arguments):
    if event == "import" and threading.current_thread() is threading.main_thread():
        inside.append(arguments[0].partition(".")[0])

async def main():
    migrator = Migrator(sys.argv[1], script_location=sys.argv[2])
    sys.addaudithook(listen)
    assert await migrator.upgrade()

asyncio.run(main())
print(*{"asyncmig", "asyncpg", "sqlalchemy"}.intersection(inside))
"""


async def test_a_first_run_imports_nothing_large_in_the_loop(history, database_url):
    words = [sys.executable, "-c", FIRST_RUN, database_url, str(history.script_location)]
    done = await anyio.run_process(words, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"\n", b"")
