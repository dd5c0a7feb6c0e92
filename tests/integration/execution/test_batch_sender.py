"""Scripts are played while the batch before them is on its way, and nothing else changes by it."""

from __future__ import annotations

import threading

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import ScriptError, StatementFailedError
from asyncmig.events import BatchSent, StepFinished, StepStarted
from asyncmig.execution import pending_run

SLOW = 'op.execute("SELECT pg_sleep(0.5)")'
HEADS = "SELECT version_num FROM alembic_version"
ROWS = "SELECT revision FROM asyncmig_journal WHERE final AND state = 'done' ORDER BY id"


@pytest.fixture
def write(project):
    """Writes forty revisions, each with a table; those given have another body or way to begin."""

    def write(others=None, **signatures):
        for number in range(40):
            name = f"r{number:02}"
            body = f'op.execute("CREATE TABLE t{number:02} (id int)")'
            form = {"signature": signatures[name]} if name in signatures else {}
            down = f"r{number - 1:02}" if number else None
            project.revision(name, down=down, upgrade=(others or {}).get(name, body), **form)
        return project

    return write


def migrator_of(project, url, events=None) -> Migrator:
    listener = None if events is None else events.append
    return Migrator(url, script_location=project.script_location, on_event=listener)


def position(events, kind, revision) -> int:
    return next(
        at
        for at, event in enumerate(events)
        if isinstance(event, kind) and event.revision == revision
    )


async def test_the_next_batch_is_played_meanwhile_and_no_more(write, database_url, pg):
    events = []
    await migrator_of(write({"r00": SLOW}), database_url, events).upgrade()
    first_end = position(events, StepFinished, "r00")
    played = [event for event in events[:first_end] if isinstance(event, StepStarted)]
    # the batch that is out and, twice as large, the next
    assert 4 < len(played) <= 12
    finished = [event.revision for event in events if isinstance(event, StepFinished)]
    assert finished == [f"r{number:02}" for number in range(40)]
    batches = [event.revisions for event in events if isinstance(event, BatchSent)]
    assert [name for batch in batches for name in batch] == finished
    assert [row[0] for row in await pg.fetch(ROWS)] == finished


async def test_a_batch_that_fails_ends_the_run_before_the_next(write, database_url, pg):
    project = write({"r00": SLOW, "r02": 'op.execute("SELECT 1 / 0")'})
    events = []
    with pytest.raises(StatementFailedError) as caught:
        await migrator_of(project, database_url, events).upgrade()
    assert caught.value.revision == "r02"
    assert caught.value.applied == ("r00", "r01")
    assert position(events, StepStarted, "r05")  # it was played, and not sent
    assert await pg.fetchval(HEADS) == "r01"
    assert [row[0] for row in await pg.fetch(ROWS)] == ["r00", "r01"]
    assert not await pg.fetchval("SELECT to_regclass('t05')")

    write({"r00": SLOW})
    result = await migrator_of(project, database_url).upgrade()
    assert len(result.applied) == 38


async def test_the_failure_of_an_earlier_batch_is_told_first(write, database_url, pg):
    project = write(
        {"r00": SLOW, "r02": 'op.execute("SELECT 1 / 0")', "r06": "raise ValueError('later')"}
    )
    with pytest.raises(StatementFailedError) as caught:
        await migrator_of(project, database_url).upgrade()
    assert caught.value.revision == "r02"
    assert await pg.fetchval(HEADS) == "r01"


async def test_a_script_that_raises_leaves_what_precedes_it(write, database_url, pg):
    project = write({"r00": SLOW, "r06": "raise ValueError('enough')"})
    with pytest.raises(ScriptError, match="enough"):
        await migrator_of(project, database_url).upgrade()
    assert await pg.fetchval(HEADS) == "r05"
    assert len(await pg.fetch(ROWS)) == 6


READS = """
    bind = op.get_bind()
    names = bind.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]'").scalar()
    op.execute(f"CREATE TABLE seen_{names} (id int)")
"""
AWAITS = """
    rows = await op.fetch("SELECT count(*) AS n FROM pg_tables WHERE tablename ~ '^t[0-9]'")
    op.execute(f"CREATE TABLE seen_{rows[0]['n']} (id int)")
"""


@pytest.mark.parametrize("form", ["sync", "async"])
async def test_a_script_that_reads_waits_for_the_batch_before_it(write, database_url, pg, form):
    bodies = {"r00": SLOW, "r05": READS if form == "sync" else AWAITS}
    signatures = {"r05": "async def {name}(op):"} if form == "async" else {}
    await migrator_of(write(bodies, **signatures), database_url).upgrade()
    assert await pg.fetchval("SELECT to_regclass('seen_4')") is not None
    assert await pg.fetchval(HEADS) == "r39"


STUBBORN = """
    try:
        op.get_bind()
    except Exception:
        pass
    op.execute("CREATE TABLE stubborn (id int)")
"""


async def test_a_script_cannot_swallow_the_failure_of_the_batch_before_it(write, database_url, pg):
    project = write({"r00": SLOW, "r02": 'op.execute("SELECT 1 / 0")', "r05": STUBBORN})
    with pytest.raises(StatementFailedError) as caught:
        await migrator_of(project, database_url).upgrade()
    assert caught.value.revision == "r02"
    assert await pg.fetchval(HEADS) == "r01"
    assert not await pg.fetchval("SELECT to_regclass('stubborn')")


CLINGING = """
    import anyio
    try:
        await anyio.sleep(30)
    finally:
        with anyio.CancelScope(shield=True):
            await op.fetch("SELECT 1")
"""


@pytest.mark.parametrize("body", ["pass", "import anyio; await anyio.sleep(30)", CLINGING])
async def test_cancelled_while_a_batch_is_out(write, database_url, pg, body):
    """What comes behind the batch is not sent, whatever the script does that is played meanwhile."""
    project = write(
        {"r02": 'op.execute("SELECT pg_sleep(30)")', "r06": body},
        r06="async def {name}(op):",
    )
    events = []
    with anyio.move_on_after(20) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(migrator_of(project, database_url, events).upgrade)
            while not any(getattr(event, "revision", "") == "r06" for event in events):
                await anyio.sleep(0.02)
            await anyio.sleep(0.2)
            group.cancel_scope.cancel()
    assert not scope.cancelled_caught
    rows = [row[0] for row in await pg.fetch("SELECT version_num FROM alembic_version")]
    assert rows == ["r01"]
    assert [row[0] for row in await pg.fetch(ROWS)] == ["r00", "r01"]
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
    assert not await pg.fetchval(
        f"{locks}(SELECT oid FROM pg_database WHERE datname = current_database())"
    )

    write()
    assert len((await migrator_of(project, database_url).upgrade()).applied) == 38


async def test_other_tasks_run_between_two_scripts(write, database_url):
    project = write()
    seen = []

    def listen(event):
        if isinstance(event, StepStarted):
            seen.append(turns)

    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        migrator = Migrator(database_url, script_location=project.script_location, on_event=listen)
        await migrator.upgrade()
        group.cancel_scope.cancel()
    assert len(seen) == 40
    assert len(set(seen)) == 40


async def test_scripts_are_read_and_judged_in_a_thread(write, database_url, monkeypatch):
    threads = set()

    def spy(script, direction):
        threads.add(threading.current_thread() is threading.main_thread())

    monkeypatch.setattr(pending_run, "check_written", spy)
    await migrator_of(write(), database_url).upgrade()
    assert threads == {False}
