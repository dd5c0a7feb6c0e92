"""Tables and columns that another session renames or drops while the batches of a backfill run."""

from __future__ import annotations

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError

ROWS = 400
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END';
CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION slow()
"""
ONLINE = 'op.alter_column_online("item", "n", type_=sa.BigInteger, fire_triggers=True)'


async def upgrade_while(project, url: str, pg, script: str, change: str) -> str:
    """Make a change between two batches; the error of the run."""
    await pg.execute("CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL, m int)")
    await pg.execute(f"INSERT INTO item SELECT i, 0 FROM generate_series(1, {ROWS}) i; {SLOW}")
    project.revision("one", header="import sqlalchemy as sa", upgrade=script)
    migrator = migrator_of(project, url)
    caught: list[PartiallyAppliedError] = []

    async def upgrade() -> None:
        with pytest.raises(PartiallyAppliedError) as raised:
            await migrator.upgrade()
        caught.append(raised.value)

    async with anyio.create_task_group() as group:
        group.start_soon(upgrade)
        done = "SELECT count(*) FROM pg_class WHERE relname = 'asyncmig_backfill'"
        while not await pg.fetchval(done):
            await anyio.sleep(0.01)
        while not await pg.fetchval(
            "SELECT coalesce(sum(rows), 0) >= 20 FROM asyncmig_backfill_range"
        ):
            await anyio.sleep(0.01)
        await pg.execute(change)
    return str(caught[0])


def migrator_of(project, url: str) -> Migrator:
    return Migrator(
        url,
        script_location=project.script_location,
        backfill_batch_size=10,
        backfill_largest_batch=10,
    )


@pytest.mark.parametrize(
    ("script", "change", "back", "problem"),
    [
        (
            'op.backfill("item", {"n": "n + 1"})',
            "ALTER TABLE item RENAME TO thing",
            "ALTER TABLE thing RENAME TO item",
            "is named public.thing now",
        ),
        (
            'op.backfill("item", {"n": "n + 1"})',
            "ALTER TABLE item RENAME n TO k",
            "ALTER TABLE item RENAME k TO n",
            'column "n"',
        ),
        (
            ONLINE,
            "ALTER TABLE item RENAME TO thing",
            "ALTER TABLE thing RENAME TO item",
            "is named public.thing now",
        ),
        (
            ONLINE,
            "ALTER TABLE item RENAME n TO k",
            "ALTER TABLE item RENAME k TO n",
            'column "n"',
        ),
    ],
)
async def test_renamed_and_named_back(project, database_url, pg, script, change, back, problem):
    """The run stops and says it; under the old name it continues, and no row is done twice or left."""
    assert problem in await upgrade_while(project, database_url, pg, script, change)
    await pg.execute(back)
    await migrator_of(project, database_url).upgrade()
    if script is not ONLINE:
        assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: ROWS}
    else:
        assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {0: ROWS}
        assert await pg.fetchval("SELECT pg_typeof(n)::text FROM item LIMIT 1") == "bigint"


@pytest.mark.parametrize("script", ['op.backfill("item", {"n": "n + 1"})', ONLINE])
async def test_dropped(project, database_url, pg, script):
    problem = await upgrade_while(project, database_url, pg, script, "DROP TABLE item")
    assert "was dropped" in problem
    with pytest.raises(PartiallyAppliedError, match="was dropped"):
        await migrator_of(project, database_url).upgrade()
