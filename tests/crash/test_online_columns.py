"""Column changes online are cut at every message; the next run continues and ends as if undisturbed."""

from __future__ import annotations

import random

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError
from fix_database import catalog_dump
from support.depth import depth
from support.fault_proxy import fault_proxy
from support.online_cases import CASES, HEADER, execute, tables

SAMPLE = max(1, depth().crash_points // 2)
CASE = CASES["primary key"]

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


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_cut_at_a_message(changing, make_database, direction, when, capsys):
    start = await prepared(make_database(), changing, direction)
    calm = make_database(start.rpartition("/")[2])
    async with fault_proxy(calm) as proxy:
        await run(proxy.url, changing, direction)
        total = proxy.seen
    expected = await contents(calm)

    points = range(1, total + 1)
    if len(points) > SAMPLE:
        points = sorted(random.Random(f"{direction}{when}").sample(points, SAMPLE))
    for point in points:
        url = make_database(start.rpartition("/")[2])
        async with fault_proxy(url, point, when) as proxy:
            try:
                with anyio.fail_after(60):
                    await run(proxy.url, changing, direction)
            except AsyncmigError:
                pass
            assert proxy.broken or proxy.seen < point
        await run(url, changing, direction)
        found = await contents(url)
        assert found == expected, f"{direction}: cut {when} message {point} of {total}"
    with capsys.disabled():
        print(f"\n{direction}, cut {when} a message: {len(points)} of {total} points")
