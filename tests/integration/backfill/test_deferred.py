"""Deferred backfills: recorded by ``upgrade``, run and controlled by others, required by revisions."""

from __future__ import annotations

import anyio
import pytest

import asyncmig
from asyncmig import Migrator
from asyncmig.errors import BackfillError, PartiallyAppliedError
from asyncmig.events import BackfillFinished, BackfillWaiting

ROWS = 4000


@pytest.fixture
def events() -> list[object]:
    """The events of the migrator."""
    return []


@pytest.fixture
async def deferred(project, database_url, pg, events):
    """A migrator whose database has a pending backfill of a table with a counter."""
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE item")
    project.revision(
        "one",
        upgrade='op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)',
        downgrade='op.execute("SELECT 1")',
    )
    migrator = Migrator(
        database_url,
        script_location=project.script_location,
        backfill_batch_size=100,
        backfill_largest_batch=100,
        on_event=events.append,
    )
    await migrator.upgrade()
    return migrator


async def counters(pg) -> dict[int, int]:
    return dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n"))


async def slow(pg, seconds: float = 0.002) -> None:
    """Let each changed row take some time."""
    await pg.execute(
        f"""
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep({seconds}); RETURN new;
        END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION slow()
        """
    )


async def test_upgrade_records_it(deferred, pg):
    assert await counters(pg) == {0: ROWS}
    (job,) = await deferred.backfills()
    assert (job.name, job.state, job.deferred, job.rows) == ("count", "pending", True, 0)
    status = await deferred.status()
    assert status.ok
    assert [one.name for one in status.backfills] == ["count"]

    (ran,) = await deferred.run_backfills()
    assert (ran.state, ran.rows, ran.scanned, ran.remaining) == ("done", ROWS, ROWS, None)
    assert await counters(pg) == {1: ROWS}
    assert (await deferred.status()).backfills == ()
    assert await deferred.run_backfills() == ()


@pytest.mark.cells(1)
@pytest.mark.parametrize("workers", [2, 4])
async def test_several_workers_divide_the_rows(deferred, pg, workers):
    await slow(pg, 0.0005)
    names = set()

    async def look() -> None:
        while True:
            rows = await pg.fetch("SELECT id FROM asyncmig_backfill_range WHERE NOT done")
            names.update(row["id"] for row in rows)
            await anyio.sleep(0.05)

    async with anyio.create_task_group() as group:
        group.start_soon(look)
        await deferred.run_backfills(workers=workers)
        group.cancel_scope.cancel()
    (job,) = await deferred.backfills()
    assert job.rows == ROWS
    assert await counters(pg) == {1: ROWS}
    assert len(names) >= workers


@pytest.mark.slow
async def test_pause_resume_and_cancel(deferred, pg, events):
    await slow(pg)
    ended: list[object] = []

    async def run() -> None:
        ended.append(await deferred.run_backfills())

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await anyio.sleep(0.6)
        paused = await deferred.pause_backfill("count")
        assert paused.state == "paused"
        await anyio.sleep(0.6)
        (before,) = await deferred.backfills("count")
        await anyio.sleep(0.6)
        (after,) = await deferred.backfills("count")
        assert 0 < before.rows == after.rows < ROWS
        assert (after.state, after.workers) == ("paused", 1)
        assert await deferred.resume_backfill("count")
        await anyio.sleep(0.6)
        (resumed,) = await deferred.backfills("count")
        assert (resumed.state, resumed.workers) == ("running", 1)
        assert resumed.rows > after.rows
        await deferred.cancel_backfill("count")
    assert any(isinstance(event, BackfillWaiting) for event in events)
    (job,) = await deferred.backfills("count")
    assert job.state == "cancelled"
    assert 0 < job.rows < ROWS
    assert await counters(pg) == {0: ROWS - job.rows, 1: job.rows}

    with pytest.raises(BackfillError, match="backfill count was cancelled"):
        await deferred.run_backfills("count")
    await pg.execute("DROP TRIGGER slow ON item")
    await deferred.resume_backfill("count")
    await deferred.run_backfills("count")
    assert await counters(pg) == {1: ROWS}


async def test_what_is_not_possible(deferred):
    with pytest.raises(BackfillError, match="there is no backfill 'other' in this database"):
        await deferred.pause_backfill("other")
    with pytest.raises(BackfillError, match="there is no backfill 'other' in this database"):
        await deferred.run_backfills("other")
    with pytest.raises(BackfillError, match="backfill count is pending"):
        await deferred.resume_backfill("count")
    await deferred.run_backfills()
    with pytest.raises(BackfillError, match="backfill count is done"):
        await deferred.cancel_backfill("count")


async def test_the_estimate_changes_nothing(deferred, pg):
    (estimate,) = await deferred.estimate_backfills()
    assert (estimate.total, estimate.left, estimate.batches) == (ROWS, ROWS, ROWS // 100)
    assert estimate.key == ("id",)
    assert "Update on item" in estimate.explain
    assert estimate.sql == "UPDATE item SET n = n + 1\nWHERE (item.id <= '100'::bigint)"
    assert await counters(pg) == {0: ROWS}


async def test_a_gate_finishes_a_small_rest(deferred, project, pg):
    project.revision("two", down="one", upgrade=f'op.require_backfill("count", finish_rows={ROWS})')
    await deferred.upgrade()
    assert await counters(pg) == {1: ROWS}


async def test_a_gate_refuses_where_much_is_left(deferred, project, pg):
    project.revision(
        "two",
        down="one",
        upgrade="""
        op.execute("CREATE TABLE two (id int)")
        op.require_backfill("count", finish_rows=100)
        op.execute("CREATE TABLE three (id int)")
        """,
    )
    with pytest.raises(
        PartiallyAppliedError,
        match=f"is pending: 0 rows are changed, about {ROWS} of {ROWS} are left",
    ) as caught:
        await deferred.upgrade()
    assert caught.value.fields()["remaining"] == ROWS
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("`asyncmig backfill run count` finishes it")
    await deferred.run_backfills()
    await deferred.upgrade()
    assert await counters(pg) == {1: ROWS}


async def test_a_gate_says_that_no_process_runs_the_job(deferred, project, pg):
    project.revision("two", down="one", upgrade='op.require_backfill("count", finish_rows=100)')
    await pg.execute("UPDATE asyncmig_backfill SET state = 'waiting', started_at = now()")
    with pytest.raises(PartiallyAppliedError, match="is interrupted: 0 rows are changed"):
        await deferred.upgrade()


async def test_a_gate_for_a_name_that_is_unknown(project, database_url):
    project.revision("one", upgrade='op.require_backfill("count")')
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(PartiallyAppliedError, match="this database has no backfill of that name"):
        await migrator.upgrade()


@pytest.mark.parametrize("service", ["migrated", "lifespan"])
async def test_a_service_runs_it(deferred, pg, service):
    running = (
        asyncmig.migrated(deferred, backfills=True)
        if service == "migrated"
        else asyncmig.lifespan(deferred, backfills=True)(None)
    )
    async with running:
        with anyio.fail_after(20):
            while (await deferred.status()).backfills:
                await anyio.sleep(0.05)
    assert await counters(pg) == {1: ROWS}


async def test_the_end_of_a_service_leaves_it_for_the_next(deferred, pg, events):
    await slow(pg)
    with pytest.raises(ValueError, match="of the body"):  # noqa: PT012 - the body runs beside the backfill
        async with asyncmig.migrated(deferred, backfills=True):
            with anyio.fail_after(30):
                while not (await deferred.backfills())[0].rows:
                    await anyio.sleep(0.05)
            raise ValueError("of the body")
    (job,) = await deferred.backfills()
    assert 0 < job.rows < ROWS
    assert (job.state, job.workers) == ("interrupted", 0)
    assert job.reason == "no process runs it: `asyncmig backfill run count` continues it"
    assert (await deferred.status()).backfills == (job,)
    with pytest.raises(BackfillError, match="backfill count is interrupted") as caught:
        await deferred.resume_backfill("count")
    assert caught.value.hint == "`asyncmig backfill run count` continues it"

    await pg.execute("DROP TRIGGER slow ON item")
    await deferred.run_backfills()
    assert await counters(pg) == {1: ROWS}
    ended = [event for event in events if isinstance(event, BackfillFinished)]
    assert (ended[-1].rows, ended[-1].earlier_rows) == (ROWS, job.rows)
