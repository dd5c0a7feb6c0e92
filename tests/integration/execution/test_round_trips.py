"""How often a run waits for the network, counted on the wire."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.events import BatchSent
from benchmarks.proxy import latency_proxy


@pytest.fixture
def two_hundred(project):
    down = None
    for number in range(200):
        name = f"r{number:03}"
        project.revision(
            name,
            down=down,
            upgrade=f"""
                op.execute("CREATE TABLE t{number} (id int)")
                op.execute("CREATE INDEX t{number}_id ON t{number} (id)")
                op.execute("COMMENT ON TABLE t{number} IS 'a table'")
            """,
        )
        down = name


async def test_two_hundred_revisions_in_25_round_trips(project, database_url, pg, two_hundred):
    with latency_proxy(database_url) as proxy:
        migrator = Migrator(proxy.url, script_location=project.script_location)
        result = await migrator.upgrade()
        assert len(result.applied) == 200
        assert len(proxy.round_trips) <= 25, proxy.describe()
        # a transaction a revision, all the same
        assert await pg.fetchval("SELECT count(DISTINCT xmin::text) FROM asyncmig_journal") == 200

        proxy.reset()
        assert not await migrator.upgrade()
        questions = [
            trip for trip in proxy.round_trips if "E" in trip.messages or "Q" in trip.messages
        ]
        assert len(questions) == 1, proxy.describe()


async def test_a_message_stays_under_a_megabyte(project, database_url, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (s text)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            for number in range(40):
                op.execute(f"INSERT INTO t VALUES ('{number}{'x' * 100_000}')")
        """,
    )
    events = []
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=events.append
    )
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM t") == 40
    sizes = [event.size for event in events if isinstance(event, BatchSent)]
    assert max(sizes) < 1_100_000
    assert sum(sizes) > 4_000_000


async def test_progress_shows_early(project, database_url, two_hundred):
    events = []
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=events.append
    )
    await migrator.upgrade()
    batches = [event for event in events if isinstance(event, BatchSent)]
    assert len(batches[0].revisions) <= 4
    assert len(batches) >= 4
