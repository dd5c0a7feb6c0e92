"""``resolve``, ``stamp`` and ``downgrade`` where a revision is partially applied within its backfill."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, PlanError, ScriptError
from asyncmig.events import BackfillWaiting

ROWS = 500

UPGRADE = """
op.execute("CREATE TABLE before_it (id int)")
op.backfill("item", {"n": "n + 1 + 0 / (id - 300)::int"}, name="count")
op.execute("CREATE TABLE after_it (id int)")
"""
DOWNGRADE = """
op.execute("DROP TABLE after_it")
op.backfill("item", {"n": "0"}, name="count_back")
op.execute("DROP TABLE before_it")
"""


def migrator_of(project, url: str, **settings: Any) -> Migrator:
    return Migrator(
        url, script_location=project.script_location, backfill_batch_size=100, **settings
    )


@pytest.fixture
async def stopped(project, database_url, pg):
    """A migrator whose revision is partially applied: its backfill failed at a row."""
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE item")
    project.revision("zero")
    project.revision("one", down="zero", upgrade=UPGRADE, downgrade=DOWNGRADE)
    migrator = migrator_of(project, database_url)
    with pytest.raises(PartiallyAppliedError, match="id = 300"):
        await migrator.upgrade()
    return migrator


async def job_of(pg, name: str = "count") -> tuple[str, str | None]:
    row = await pg.fetchrow("SELECT state, reason FROM asyncmig_backfill WHERE name = $1", name)
    return row["state"], row["reason"]


async def tables(pg) -> set[str]:
    rows = await pg.fetch("SELECT relname FROM pg_class WHERE relname LIKE '%\\_it'")
    return {row[0] for row in rows}


async def test_done_passes_over_the_rest(stopped, pg):
    await stopped.resolve("one", "done")
    assert await job_of(pg) == ("done", "declared done by a person")
    assert await tables(pg) == {"before_it"}
    result = await stopped.upgrade()
    assert result.after == ("one",)
    assert await tables(pg) == {"before_it", "after_it"}
    assert await pg.fetchval("SELECT max(id) FROM item WHERE n = 0 AND id < 300") is None
    assert (await stopped.status()).backfills == ()
    # its inverse, and all of it again
    await stopped.downgrade("base")
    assert await tables(pg) == set()
    assert await pg.fetchval("SELECT sum(n) FROM item") == 0
    with pytest.raises(PartiallyAppliedError, match="id = 300"):
        await stopped.upgrade()


async def test_retry_continues_at_the_row(stopped, pg):
    await pg.execute("DELETE FROM item WHERE id = 300")
    await stopped.resolve("one", "retry")
    assert (await job_of(pg))[0] == "running"
    await stopped.upgrade()
    assert (await job_of(pg))[0] == "done"
    assert await tables(pg) == {"before_it", "after_it"}


async def test_retry_after_it_was_cancelled(stopped, pg):
    await pg.execute("DELETE FROM item WHERE id = 300")
    await stopped.cancel_backfill("count")
    with pytest.raises(PartiallyAppliedError, match="was cancelled"):
        await stopped.upgrade()
    await stopped.resolve("one", "retry")
    await stopped.upgrade()
    assert (await job_of(pg))[0] == "done"


async def test_done_after_it_was_cancelled(stopped, pg):
    await stopped.cancel_backfill("count")
    await stopped.resolve("one", "done")
    await stopped.upgrade()
    assert await job_of(pg) == ("done", "declared done by a person")


@pytest.mark.parametrize("way", ["forget", "stamp"])
async def test_forgotten_and_begun_anew(stopped, project, pg, way):
    if way == "forget":
        await stopped.resolve("one", "forget")
    else:
        with pytest.raises(ScriptError, match="this stamp declares the revision applied") as caught:
            await stopped.stamp("one")
        assert "`asyncmig resolve one --forget`" in (caught.value.hint or "")
        await stopped.stamp("base")
        await stopped.stamp("zero")
    assert await job_of(pg) == ("cancelled", "its revision was forgotten by a person")
    await pg.execute("DROP TABLE before_it; UPDATE item SET n = 0; DELETE FROM item WHERE id = 300")
    project.revision("one", down="zero", upgrade=UPGRADE.replace(" + 0 / (id - 300)::int", ""))
    await stopped.upgrade()
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: ROWS - 1}


async def test_downgrade_in_the_middle(stopped, pg):
    """It is refused by name until the upgrade is finished or forgotten."""
    with pytest.raises(ScriptError, match="upgrade of revision one is partially applied") as caught:
        await stopped.downgrade("base")
    assert "asyncmig resolve one --forget" in (caught.value.hint or "")
    assert (await job_of(pg))[0] == "failed"


async def test_resolve_in_the_middle_of_a_downgrade(stopped, project, pg):
    await pg.execute("DELETE FROM item WHERE id = 300")
    await stopped.upgrade()
    project.revision(
        "one",
        down="zero",
        upgrade=UPGRADE,
        downgrade=DOWNGRADE.replace('"0"', '"0 / (id - 200)::int"'),
    )
    with pytest.raises(PartiallyAppliedError, match="id = 200"):
        await stopped.downgrade("base")
    assert (await job_of(pg, "count_back"))[0] == "failed"
    await stopped.resolve("one", "done")
    assert await job_of(pg, "count_back") == ("done", "declared done by a person")
    await stopped.downgrade("base")
    assert await tables(pg) == set()


async def test_done_between_two_phases(project, database_url, pg):
    project.revision(
        "one", upgrade='op.execute("SELECT 1")\nop.execute("COMMIT")\nop.execute("SELECT 1 / 0")'
    )
    migrator = migrator_of(project, database_url)
    with pytest.raises(PartiallyAppliedError):
        await migrator.upgrade()
    with pytest.raises(PlanError, match="stopped between two phases"):
        await migrator.resolve("one", "done")


async def test_a_gate_is_passed_by_done(project, database_url, pg):
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE item")
    project.revision("one", upgrade='op.backfill("item", {"n": "1"}, name="later", deferred=True)')
    project.revision("two", down="one", upgrade='op.require_backfill("later", finish_rows=0)')
    events = []
    migrator = migrator_of(project, database_url, on_event=events.append)
    with pytest.raises(PartiallyAppliedError, match="is required, and it is pending"):
        await migrator.upgrade()
    await migrator.resolve("two", "done")
    assert (await migrator.upgrade()).after == ("two",)
    assert await job_of(pg, "later") == ("pending", None)
    await migrator.run_backfills()
    assert not any(isinstance(event, BackfillWaiting) for event in events)
