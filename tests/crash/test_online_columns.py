"""Column changes online are cut at every message, and killed; the next run ends as if undisturbed."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig import Migrator
from fix_database import catalog_dump
from support.depth import depth
from support.interrupted_runs import InterruptedRuns
from support.online_cases import CASES, HEADER, execute, tables

SAMPLE = max(1, depth().crash_points // 2)
CASE = CASES["primary key"]

BACK = "".join(
    f"""
    DROP FUNCTION IF EXISTS {table}_{column}_online() CASCADE;
    ALTER TABLE {table} DROP COLUMN IF EXISTS {column}_online CASCADE;
    """
    for table, column in (
        ("purchase", "customer_id"),
        ("referral", "customer_id"),
        ("referral", "by_id"),
        ("customer", "id"),
    )
)
"""As docs/online-column-changes.md says, for each column."""

pytestmark = [pytest.mark.slow, pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.fixture
def changing(project):
    """A change of a primary key with the columns that refer to it, and a rename."""
    project.revision("a1", upgrade=CASE.directive, downgrade=CASE.back, header=HEADER)
    project.revision(
        "b1",
        down="a1",
        upgrade='op.rename_column_online("purchase", "total", "amount")',
        downgrade='op.rename_column_online("purchase", "amount", "total")',
    )
    project.revision("c1", down="b1", upgrade='op.finish_column_online("purchase", "amount")')
    return project


async def run(url: str, project, direction: str) -> None:
    migrator = Migrator(
        url,
        script_location=project.script_location,
        lock_wait=60,
        backfill_batch_size=200,
        backfill_largest_batch=200,
    )
    if direction == "upgrade":
        await migrator.upgrade()
    else:
        await migrator.downgrade("base")


async def prepared(url: str, project, direction: str) -> str:
    await execute(url, tables(CASE, CASE.old) + CASE.rows)
    if direction == "downgrade":
        await Migrator(url, script_location=project.script_location).upgrade("b1")
    return url


def schema_and_rows(url: str) -> str:
    return catalog_dump(url, data=True, version_table=False, without="*.asyncmig_*")


async def contents(url: str) -> tuple[str, list[tuple[object, ...]]]:
    """Everything that two runs may differ in."""
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
        phases = await connection.fetch(
            "SELECT revision, direction, phase, state, count(*) FROM asyncmig_journal"
            " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
    finally:
        await connection.close()
    dump = catalog_dump(url, data=True, without="*.asyncmig_*")
    return dump, [tuple(row) for row in phases]


async def interrupted(project, make_database, direction: str) -> InterruptedRuns:
    start = await prepared(make_database(), project, direction)

    async def database() -> str:
        return make_database(start.rpartition("/")[2])

    async def continued(url: str) -> None:
        await run(url, project, direction)

    return InterruptedRuns(direction=direction, database=database, run=continued, contents=contents)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_cut_at_a_message(changing, make_database, direction, when, capsys):
    runs = await interrupted(changing, make_database, direction)
    tried = await runs.check_cuts(when, sample=SAMPLE)
    with capsys.disabled():
        print(f"\n{tried}")


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_killed_at_a_random_time(changing, make_database, direction, capsys):
    runs = await interrupted(changing, make_database, direction)
    tried = await runs.check_kills(changing.script_location, kills=depth().kills)
    with capsys.disabled():
        print(f"\n{tried}")


async def test_forgotten_after_a_cut(changing, make_database, capsys):
    """What the guide says to drop is all that is left: the tables are as before, and may be changed again."""
    start = await prepared(make_database(), changing, "upgrade")
    before = schema_and_rows(start)
    runs = await interrupted(changing, make_database, "upgrade")
    calm = await runs.database()
    points, total = await runs.points(calm, "forgotten", sample=SAMPLE)
    expected = schema_and_rows(calm)
    forgotten = 0
    for point in points:
        url = await runs.database()
        await runs.cut(url, point, "after")
        migrator = Migrator(url, script_location=changing.script_location)
        status = await migrator.status()
        if [entry.revision for entry in status.partial] == ["a1"]:
            await migrator.resolve("a1", "forget")
            await execute(url, BACK)
            assert schema_and_rows(url) == before, f"message {point}"
            forgotten += 1
        await runs.run(url)
        assert schema_and_rows(url) == expected, f"message {point}"
    with capsys.disabled():
        print(f"\nforgotten after {forgotten} of {len(points)} cuts, of {total} points")
