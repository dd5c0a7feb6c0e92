"""The short transactions of online changes while an autovacuum works on the table."""

from __future__ import annotations

import anyio
import asyncpg
import pytest

from asyncmig import embedded
from asyncmig.plan.online.table_locks import lock_tables

SETTINGS = {
    "autovacuum": "on",
    "autovacuum_naptime": "1s",
    "autovacuum_vacuum_cost_delay": "100ms",
    "autovacuum_vacuum_cost_limit": "1",
    "fsync": "off",
}
AT_WORK = """
SELECT count(*) FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)
WHERE backend_type = 'autovacuum worker' AND relation = 'item'::regclass"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE"])
async def test_an_autovacuum_gives_way(mode):
    """PostgreSQL cancels it for a session that has waited for ``deadlock_timeout``."""
    async with embedded.server(settings=SETTINGS) as server:
        pg = await asyncpg.connect(server.url)
        await pg.execute(
            "CREATE TABLE item (id int, n int) WITH"
            " (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);"
            "CREATE TABLE part (id int);"
            "INSERT INTO item SELECT i, 0 FROM generate_series(1, 100000) i; UPDATE item SET n = 1"
        )
        with anyio.fail_after(60):
            while not await pg.fetchval(AT_WORK):
                await anyio.sleep(0.1)
        async with pg.transaction():
            await pg.execute("SET LOCAL lock_timeout = '5s'")
            await pg.execute(lock_tables(["part", "item"], mode))
            assert await pg.fetchval("SHOW lock_timeout") == "5s"
            held = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = $1"
            assert await pg.fetchval(held, f"{mode.title().replace(' ', '')}Lock") == 2
        await pg.close()
