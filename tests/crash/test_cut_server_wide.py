"""The same for what is not in one database alone, or works on many relations."""

from __future__ import annotations

import random
import secrets

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError
from support.crash_history import contents
from support.depth import depth
from support.fault_proxy import fault_proxy

SAMPLE = depth().server_wide_crash_points
SETTINGS = {
    ("upgrade", "before"): "log_temp_files",
    ("upgrade", "after"): "log_parameter_max_length",
    ("downgrade", "before"): "log_parameter_max_length_on_error",
    ("downgrade", "after"): "log_min_duration_sample",
}
"""One for each test, since they may run at the same time; none of them matters here."""

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


def write_server_wide(project, database: str, setting: str) -> None:
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, s text)")
            op.execute("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 500) AS i")
            op.execute("CREATE INDEX t_s ON t (s)")
            op.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
        """,
        downgrade='op.execute("DROP TABLE t")',
    )
    project.revision(
        "b1",
        down="a1",
        upgrade=f"""
            op.execute("CREATE DATABASE {database}")
            op.execute("ALTER SYSTEM SET {setting} = 12345")
            with op.autocommit():
                op.execute("ALTER TABLE t VALIDATE CONSTRAINT positive")
            op.execute("REINDEX TABLE CONCURRENTLY t")
            op.execute("REINDEX SCHEMA CONCURRENTLY public")
            op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS t_s_2 ON t (s, id)")
            op.execute("VACUUM (ANALYZE) t")
        """,
        downgrade=f"""
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS t_s_2")
            op.execute("ALTER SYSTEM RESET {setting}")
            op.execute("DROP DATABASE {database}")
            op.execute("REINDEX INDEX CONCURRENTLY t_s")
        """,
    )


async def everything(url: str, database: str, setting: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [
            *await contents(url),
            await connection.fetchval(
                "SELECT count(*) FROM pg_database WHERE datname = $1", database
            ),
            await connection.fetchval(
                "SELECT count(*) FROM pg_file_settings WHERE name = $1 AND setting = '12345'",
                setting,
            ),
        ]
    finally:
        await connection.close()


@pytest.mark.cells(2)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_cut_in_what_is_server_wide(project, make_database, admin, direction, when, capsys):
    database = f"asyncmig_crash_{secrets.token_hex(6)}"
    setting = SETTINGS[direction, when]
    write_server_wide(project, database, setting)

    async def run(url: str, way: str) -> None:
        migrator = Migrator(url, script_location=project.script_location, lock_wait=60)
        await (migrator.upgrade() if way == "upgrade" else migrator.downgrade("base"))

    async def fresh() -> str:
        admin(f"DROP DATABASE IF EXISTS {database}")
        admin(f"ALTER SYSTEM RESET {setting}")
        url = make_database()
        if direction == "downgrade":
            await run(url, "upgrade")
        return url

    try:
        calm = await fresh()
        async with fault_proxy(calm) as proxy:
            await run(proxy.url, direction)
            total = proxy.seen
        expected = await everything(calm, database, setting)
        assert expected[-2:] == ([1, 1] if direction == "upgrade" else [0, 0])
        points = range(1, total + 1)
        if len(points) > SAMPLE:
            points = sorted(random.Random(f"{direction}{when}").sample(points, SAMPLE))
        for point in points:
            url = await fresh()
            async with fault_proxy(url, point, when) as proxy:
                try:
                    with anyio.fail_after(60):
                        await run(proxy.url, direction)
                except AsyncmigError:
                    pass
                # progress is asked for only where an index takes long
                assert proxy.broken or proxy.seen < point
            await run(url, direction)
            found = await everything(url, database, setting)
            assert found == expected, f"{direction}: cut {when} message {point} of {total}"
    finally:
        admin(f"DROP DATABASE IF EXISTS {database}")
        admin(f"ALTER SYSTEM RESET {setting}")
    with capsys.disabled():
        print(f"\n{direction}, cut {when} a message: {len(points)} of {total} points")
