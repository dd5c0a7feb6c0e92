"""A primary key becomes bigint while clients of old and new code read and write it."""

from __future__ import annotations

import time

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from support.online_cases import CASES, HEADER, difference, execute, tables
from support.online_load import ROWS, TABLES, Load
from support.online_values import VALUES, ValueLoad

DIRECT = TABLES.replace("serial PRIMARY", "bigserial PRIMARY").replace("bigbig", "big")
DIRECT = DIRECT.replace("account_id int", "account_id bigint")


async def change_under_load(project, url: str, rows: int, clients: int) -> Load:
    """Upgrade while the clients work, and check the sums."""
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("account", "id", type_=sa.BigInteger)',
        downgrade='op.alter_column_online("account", "id", type_=sa.Integer)',
    )
    await execute(url, TABLES + ROWS.format(rows=rows))
    load = Load(url, rows)
    async with anyio.create_task_group() as group:
        for number in range(clients):
            group.start_soon(load.work, ("int", "bigint")[number % 2], number)
        await anyio.sleep(0.5)
        # the backfill takes all of the time, so that the load meets the worst of it
        migrator = Migrator(url, script_location=project.script_location, backfill_busy_percent=100)
        await migrator.upgrade()
        await anyio.sleep(0.5)
        load.stopped = True
    await load.check()
    return load


@pytest.mark.cells(1)
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
@pytest.mark.parametrize("name", VALUES)
async def test_other_types_under_load(project, make_database, name, direction, capsys):
    """Each client reads back what it has written, before, during and after the change."""
    case, values = CASES[name], VALUES[name]
    url, direct = make_database(), make_database()
    await execute(url, tables(case, case.old) + case.rows)
    await execute(direct, tables(case, case.new if direction == "upgrade" else case.old))
    project.revision("a1", upgrade=case.directive, downgrade=case.back, header=HEADER)
    migrator = Migrator(
        url,
        script_location=project.script_location,
        backfill_batch_size=20,
        backfill_largest_batch=20,
        backfill_busy_percent=100,
    )
    if direction == "downgrade":
        await migrator.upgrade()
    load = ValueLoad(url, values)
    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(load.work, ("old", "new")[number % 2], 10_000 * (1 + number))
        await load.reach(100)
        before = load.done
        await (migrator.upgrade() if direction == "upgrade" else migrator.downgrade("base"))
        during = load.done - before
        await load.reach(load.done + 100)
        load.stopped = True
    await load.check()
    assert during > 0
    assert difference(url, direct) == ([], [])
    with capsys.disabled():
        print(
            f"\n{name}, {direction}: {load.done} statements of clients, {during} during the change"
        )


@pytest.mark.slow
async def test_no_update_is_lost(project, make_database):
    url, direct = make_database(), make_database()
    await execute(direct, DIRECT)
    load = await change_under_load(project, url, 3_000, 4)
    assert load.done > 50
    assert difference(url, direct) == ([], [])


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_half_a_million_rows(project, make_database, capsys):
    url, direct = make_database(), make_database()
    await execute(direct, DIRECT)
    begun = time.monotonic()
    load = await change_under_load(project, url, 500_000, 4)
    elapsed = time.monotonic() - begun
    assert difference(url, direct) == ([], [])
    connection = await asyncpg.connect(url)
    try:
        held = await connection.fetch(
            "SELECT phase, kind, extract(epoch FROM finished_at - started_at)::float AS s"
            " FROM asyncmig_journal ORDER BY id"
        )
    finally:
        await connection.close()
    waits = sorted(wait for wait, _ in load.waits)
    with capsys.disabled():
        print(
            f"\n500,000 rows: {elapsed:.0f} s with the tables, {load.done} transactions of clients,"
        )
        print(
            f"p50 {waits[len(waits) // 2] * 1000:.1f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.1f} ms"
        )
        print(f"longest {load.longest}; swap {held[-1]['s'] * 1000:.0f} ms")
        print([(row["phase"], row["kind"], round(row["s"], 2)) for row in held])
