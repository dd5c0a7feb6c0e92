"""Backfills of revisions that are downgraded: cancelled, and begun anew by the next upgrade."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import StatementFailedError

ROWS = 1000


@pytest.fixture
async def table(pg):
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE item")


def migrator_of(project, url: str, **settings: Any) -> Migrator:
    return Migrator(
        url, script_location=project.script_location, backfill_batch_size=100, **settings
    )


async def counters(pg) -> dict[int, int]:
    return dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n"))


@pytest.mark.usefixtures("table")
async def test_down_and_up_again(project, database_url, pg):
    project.revision(
        "one",
        upgrade='op.backfill("item", {"n": "n + 1"}, name="count")',
        downgrade='op.backfill("item", {"n": "n - 1"}, name="count_back")',
    )
    migrator = migrator_of(project, database_url)
    for _ in range(2):
        await migrator.upgrade()
        assert await counters(pg) == {1: ROWS}
        await migrator.downgrade("base")
        assert await counters(pg) == {0: ROWS}
    states = {job.name: job.state for job in await migrator.backfills()}
    assert states == {"count": "cancelled", "count_back": "cancelled"}
    assert (await migrator.status()).backfills == ()


@pytest.mark.usefixtures("table")
async def test_a_deferred_job_is_cancelled_while_it_runs(project, database_url, pg):
    project.revision(
        "one",
        upgrade="""
        op.execute("ALTER TABLE item ADD m int")
        op.backfill("item", {"m": "n + 0 * length(pg_sleep(0.002)::text)"}, name="m", deferred=True)
        """,
        downgrade='op.execute("ALTER TABLE item DROP m")',
    )
    migrator = migrator_of(project, database_url)
    await migrator.upgrade()
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.run_backfills)
        await anyio.sleep(0.5)
        await migrator.downgrade("base")
    (job,) = await migrator.backfills()
    assert (job.state, job.reason) == ("cancelled", "revision one was downgraded")

    # its name is free for another revision
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, name="m")')
    await migrator.upgrade()
    assert await counters(pg) == {1: ROWS}


@pytest.mark.slow
@pytest.mark.usefixtures("table")
async def test_an_interrupted_downgrade_continues_its_own_backfill(project, database_url, pg):
    project.revision(
        "one",
        upgrade='op.backfill("item", {"n": "n + 1"}, name="count")',
        downgrade="""
        op.backfill("item", {"n": "n - 1 + 0 * length(pg_sleep(0.002)::text)"}, name="count_back")
        """,
    )
    migrator = migrator_of(project, database_url)
    await migrator.upgrade()
    with anyio.move_on_after(0.8) as interrupted:
        await migrator.downgrade("base")
    assert interrupted.cancelled_caught
    assert len(await counters(pg)) == 2  # some batches are committed
    with anyio.fail_after(30):
        await migrator.downgrade("base")
    assert await counters(pg) == {0: ROWS}


@pytest.mark.usefixtures("table")
async def test_a_downgrade_that_fails_leaves_the_job_paused(project, database_url):
    project.revision(
        "one",
        upgrade='op.backfill("item", {"n": "n + 1"}, name="count", deferred=True)',
        downgrade='op.execute("SELECT 1 / 0")',
    )
    migrator = migrator_of(project, database_url)
    await migrator.upgrade()
    with pytest.raises(StatementFailedError):
        await migrator.downgrade("base")
    (job,) = await migrator.backfills()
    assert (job.state, job.reason) == ("paused", "its revision is being downgraded")
    await migrator.resume_backfill("count")
    (job,) = await migrator.run_backfills()
    assert job.state == "done"
