"""The connection is cut at every message of a backfill; the next run continues, and no row is done twice."""

from __future__ import annotations

import random

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError
from support.depth import depth
from support.fault_proxy import fault_proxy

SAMPLE = depth().crash_points
ROWS = 600

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.fixture
def counting(project):
    """Backfills of every kind between other phases; each row counts how often it was changed."""
    project.revision(
        "a1",
        upgrade=f"""
        op.execute("CREATE TABLE item (a int, id text, n int DEFAULT 0, m int, k int, j int,"
            " PRIMARY KEY (a, id))")
        op.execute("INSERT INTO item SELECT i % 3, md5(i::text) FROM generate_series(1, {ROWS}) i")
        op.backfill("item", {{"n": "n + 1"}})
        op.execute("ALTER TABLE item ADD CHECK (n > 0)")
        """,
    )
    project.revision(
        "b1",
        down="a1",
        upgrade="""
        op.backfill("item", {"m": "coalesce(m, 0) + 1"}, where="m IS NULL")
        op.backfill("item", {"j": "coalesce(j, 0) + 1"}, where="j IS NULL", by="ctid")
        op.backfill_with(add, "item", columns=["k"], name="item_k")
        """,
        header='def add(rows):\n    return [{"k": (row["k"] or 0) + 1} for row in rows]',
    )
    return project


async def upgrade(url: str, project) -> None:
    migrator = Migrator(
        url,
        script_location=project.script_location,
        lock_wait=60,
        backfill_batch_size=100,
        backfill_largest_batch=100,
    )
    await migrator.upgrade()


async def check(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT n, m, j, k, count(*) FROM item GROUP BY n, m, j, k")
        assert [tuple(row) for row in rows] == [(1, 1, 1, 1, ROWS)]
        jobs = await connection.fetch("SELECT name, state, rows FROM asyncmig_backfill ORDER BY id")
        names = ("item_n", "item_m", "item_j", "item_k")
        assert [tuple(row) for row in jobs] == [(name, "done", ROWS) for name in names]
        phases = await connection.fetch(
            "SELECT revision, phase, kind, state, final FROM asyncmig_journal ORDER BY id"
        )
        assert [tuple(row) for row in phases] == [
            ("a1", 0, "transaction", "done", False),
            ("a1", 1, "backfill", "done", False),
            ("a1", 2, "transaction", "done", True),
            ("b1", 0, "backfill", "done", False),
            ("b1", 1, "backfill", "done", False),
            ("b1", 2, "backfill", "done", True),
        ]
    finally:
        await connection.close()


@pytest.mark.cells(1)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_cut_at_a_message(counting, make_database, when, capsys):
    calm = make_database()
    async with fault_proxy(calm) as proxy:
        await upgrade(proxy.url, counting)
        total = proxy.seen
    await check(calm)

    points = range(1, total + 1)
    if len(points) > SAMPLE:
        points = sorted(random.Random(when).sample(points, SAMPLE))
    for point in points:
        url = make_database()
        async with fault_proxy(url, point, when) as proxy:
            try:
                with anyio.fail_after(60):
                    await upgrade(proxy.url, counting)
            except AsyncmigError:
                pass
            assert proxy.broken or proxy.seen < point
        await upgrade(url, counting)
        await check(url)
    with capsys.disabled():
        print(f"\nbackfills, cut {when} a message: {len(points)} of {total} points")
