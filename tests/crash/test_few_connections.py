"""A hundred replicas start at a server with twenty connections: all wait for a turn, and one migrates."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import pytest

from asyncmig import Migrator, embedded
from asyncmig.events import StepFinished

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REPLICAS = 100


async def test_a_hundred_replicas_and_twenty_connections(project, capsys):
    for number in range(10):
        project.revision(
            f"r{number}",
            down=None if number == 0 else f"r{number - 1}",
            upgrade=f'op.execute("CREATE TABLE t{number} (id int)")',
        )
    ran: Counter[str] = Counter()

    def on_event(event):
        if isinstance(event, StepFinished):
            ran[event.revision] += 1

    async with embedded.server(settings={"max_connections": "20"}) as server:
        migrators = [
            Migrator(
                server.url,
                script_location=project.script_location,
                wait_for_database=300,
                connect_timeout=60,
                on_event=on_event,
            )
            for _ in range(REPLICAS)
        ]
        results = await asyncio.gather(*(migrator.upgrade() for migrator in migrators))
        assert {result.after for result in results} == {("r9",)}
        assert set(ran.values()) == {1}
        assert len(ran) == 10
        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SHOW max_connections") == "20"
        assert (
            await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            == 0
        )
        await connection.close()
    with capsys.disabled():
        print(f"\n{REPLICAS} replicas, {sum(bool(result.applied) for result in results)} migrated")
