"""Replicas of a service: who waits, what it costs, and whose code is older or another."""

from __future__ import annotations

import anyio
import pytest

from asyncmig import Migrator, migrated
from asyncmig.errors import AsyncmigError, NotCurrentError
from benchmarks.proxy import latency_proxy


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE u (i int)")')
    return project


@pytest.fixture
def migrator(history, database_url):
    return Migrator(database_url, script_location=history.script_location)


async def test_the_states_of_a_database(history, migrator, pg):
    async def state() -> tuple[str, bool]:
        status = await migrator.status()
        return status.state, status.ok

    assert await state() == ("empty", False)
    await migrator.upgrade("a1")
    assert await state() == ("pending", False)
    await migrator.upgrade()
    assert await state() == ("current", True)
    path = history.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE v (i int)")')
    await migrator.upgrade()
    path.unlink()
    assert await state() == ("ahead", True)
    await pg.execute("UPDATE alembic_version SET version_num = 'elsewhere'")
    assert await state() == ("diverged", False)


async def test_scripts_that_were_edited(history, migrator):
    await migrator.upgrade()
    assert (await migrator.status(scripts=True)).edited == ()
    history.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")  # the same')
    history.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE other (i int)")')
    assert (await migrator.status(scripts=True)).edited == ("b1",)
    assert (await migrator.status()).edited == ()
    # what is not applied may change as it likes
    history.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE u (i int)")')
    await migrator.downgrade("a1")
    history.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE w (i int)")')
    assert (await migrator.status(scripts=True)).edited == ()


async def test_a_waiting_replica_holds_one_connection_and_polls(history, database_url, pg):
    with latency_proxy(database_url) as proxy:
        waiting = Migrator(proxy.url, script_location=history.script_location)
        with pytest.raises(NotCurrentError):
            await waiting.wait_until_current(timeout=2)
        logins = [trip for trip in proxy.round_trips if "startup" in trip.messages]
        assert len(logins) == 1
        # the pauses grow: 0.1, 0.15, 0.23 ... seconds, and a question is two or three trips
        assert len(proxy.round_trips) < 60, proxy.describe()
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None


async def test_many_replicas_start_in_all_modes(history, database_url):
    states = []

    async def replica(mode: str) -> None:
        migrator = Migrator(database_url, script_location=history.script_location)
        async with migrated(migrator, mode=mode):
            states.append((await migrator.status()).state)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for mode in ["wait", "wait", "upgrade", "upgrade", "wait", "upgrade"]:
                group.start_soon(replica, mode)
    assert states == ["current"] * 6
    await replica("check")


async def test_older_code_starts_and_other_code_does_not(history, migrator, database_url, pg):
    path = history.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE v (i int)")')
    await migrator.upgrade()
    path.unlink()
    for mode in ["upgrade", "wait", "check"]:
        async with migrated(migrator, mode=mode):
            pass
    await pg.execute("UPDATE alembic_version SET version_num = 'elsewhere'")
    for mode in ["upgrade", "check"]:
        with pytest.raises(AsyncmigError):
            async with migrated(migrator, mode=mode):
                pass
