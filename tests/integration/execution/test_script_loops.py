"""Event loops in scripts: a script for psycopg2 may run one, a native one is told to await."""

from __future__ import annotations

import asyncio

import pytest

from asyncmig import Migrator
from asyncmig.errors import ScriptError

HEADER = "import asyncio\nasync def work():\n    await asyncio.sleep(0)\n    return 5\n"


async def test_a_native_script_is_told_to_await(project, database_url) -> None:
    project.revision(
        "a1", header=HEADER, upgrade="w = work()\ntry: asyncio.run(w)\nfinally: w.close()"
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match=r"asyncio.run\(\) cannot be called") as raised:
        await migrator.upgrade()
    assert raised.value.hint == (
        "asyncmig runs in an event loop: write `async def upgrade(op)` and await it there, or call "
        "`op.run_async(function)`, whose function gets an AsyncConnection"
    )


async def test_the_loop_of_the_service_is_put_back(project, database_url, pg) -> None:
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            for number in range(3):
                op.get_bind().exec_driver_sql("SELECT 1")
                op.execute(f"CREATE TABLE t{number} AS SELECT {asyncio.run(work())} AS n")
        """,
    )
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    migrator = Migrator(database_url, script_location=project.script_location, psycopg2_compat=True)
    await migrator.upgrade()
    assert asyncio.get_running_loop() is loop
    assert asyncio.current_task() is task
    assert asyncio.get_event_loop_policy()._local._loop is loop
    assert await pg.fetchval("SELECT n FROM t2") == 5


async def test_two_runs_beside_each_other_keep_their_tasks(
    project, database_url, make_database
) -> None:
    project.revision(
        "a1",
        header=HEADER,
        upgrade="""
            for number in range(5):
                op.get_bind().exec_driver_sql("SELECT pg_sleep(0.01)")
                assert asyncio.run(work()) == 5
        """,
    )
    urls = database_url, make_database()
    results = await asyncio.gather(
        *(
            Migrator(url, script_location=project.script_location, psycopg2_compat=True).upgrade()
            for url in urls
        )
    )
    assert [result.revisions for result in results] == [("a1",), ("a1",)]
