"""The journal: what ran, when, how long, by whom; filters; and life without it."""

from __future__ import annotations

import itertools
import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from asyncmig import Migrator
from asyncmig.errors import (
    DatabaseError,
    PartiallyAppliedError,
    PlanError,
    StatementFailedError,
    TargetError,
)
from asyncmig.version import asyncmig_version


@pytest.fixture
def history(project):
    project.revision(
        "a1",
        upgrade='op.execute("CREATE TABLE t (i int)")',
        downgrade='op.execute("DROP TABLE t")',
    )
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("INSERT INTO t VALUES (1)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
        """,
        downgrade="""
            op.execute("DROP INDEX CONCURRENTLY t_i")
            op.execute("DELETE FROM t")
        """,
    )
    return project


async def test_every_fact_of_a_run(history, database_url, pg):
    before = datetime.now(UTC) - timedelta(seconds=1)
    migrator = Migrator(
        database_url, script_location=history.script_location, application_name="deployer"
    )
    await migrator.upgrade(tag="release 7")
    entries = list(reversed(await migrator.journal()))
    assert [(entry.revision, entry.phase, entry.kind, entry.final) for entry in entries] == [
        ("a1", 0, "transaction", True),
        ("b1", 0, "transaction", False),
        ("b1", 1, "autocommit", True),
    ]
    assert len({entry.run for entry in entries}) == 1
    for entry in entries:
        assert entry.direction == "upgrade"
        assert entry.state == "done"
        assert entry.statement == 1
        assert entry.host == socket.gethostname()
        assert entry.pid == os.getpid()
        assert entry.application == "deployer"
        assert entry.role == await pg.fetchval("SELECT current_user")
        assert entry.asyncmig_version == asyncmig_version()
        assert entry.tag == "release 7"
        assert entry.error is None
        assert before < datetime.fromisoformat(entry.started_at) < datetime.now(UTC)
        assert entry.started_at <= entry.finished_at
        assert entry.elapsed >= 0
    checksums = {entry.revision: entry.checksum for entry in entries}
    assert checksums["a1"] != checksums["b1"]
    # a password is nowhere in it
    text = await pg.fetchval("SELECT string_agg(j::text, ' ') FROM asyncmig_journal AS j")
    password = database_url.split("@")[0].rpartition(":")[2]
    assert password not in text


async def test_revisions_of_one_message_have_times_of_their_own(project, database_url, pg):
    project.revision("r0", upgrade="op.execute('SELECT pg_sleep(0.05)')")
    for number in range(1, 4):
        project.revision(
            f"r{number}", down=f"r{number - 1}", upgrade="op.execute('SELECT pg_sleep(0.05)')"
        )
    await Migrator(database_url, script_location=project.script_location).upgrade()
    # all began, for the server, when their message arrived
    rows = await pg.fetch("SELECT started_at, finished_at FROM asyncmig_journal ORDER BY id")
    assert len(rows) == 4
    for one, two in itertools.pairwise(rows):
        assert one["finished_at"] <= two["started_at"]
    for row in rows:
        assert (row["finished_at"] - row["started_at"]).total_seconds() >= 0.05


async def test_filters(history, database_url):
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade(tag="up")
    middle = datetime.now(UTC)
    await migrator.downgrade("a1", tag="down")
    await migrator.stamp("b1", tag="by hand")

    async def found(**conditions) -> list[tuple[str, str, int]]:
        entries = await migrator.journal(**conditions)
        return [(entry.revision, entry.direction, entry.phase) for entry in reversed(entries)]

    down = [("b1", "downgrade", 0), ("b1", "downgrade", 1)]
    stamp = [("b1", "stamp", 0)]
    assert len(await found()) == 6
    assert await found(revision="a1") == [("a1", "upgrade", 0)]
    assert await found(revision="a") == [("a1", "upgrade", 0)]
    assert await found(revision="z") == []
    assert await found(direction="downgrade") == down
    assert await found(tag="down") == down
    assert await found(since=middle) == down + stamp
    assert await found(since=middle.isoformat(), direction="stamp") == stamp
    assert await found(since=middle.astimezone().replace(tzinfo=None).isoformat()) == down + stamp
    assert await found(state="done", limit=1) == stamp
    assert await found(state="failed") == []
    (newest,) = await migrator.journal(1)
    assert await found(run=newest.run[:8]) == stamp
    assert await found(limit=0) == []
    for wrong in (
        {"since": "yesterday"},
        {"direction": "upgrades"},
        {"state": "partial"},
        {"limit": -1},
        {"limit": 2**63},
    ):
        with pytest.raises(TargetError, match=r"no |not a "):
            await migrator.journal(**wrong)


async def test_who_goes_on_is_told(project, database_url, pg):
    """A phase that one run began and another ended stands with the one that ended it."""
    await pg.execute("CREATE TABLE t (i int); INSERT INTO t VALUES (0)")
    project.revision("a1", upgrade='op.execute("CREATE INDEX CONCURRENTLY t_i ON t ((1 / i))")')
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError):
        await migrator.upgrade(tag="first")
    (failed,) = await migrator.journal(state="failed")
    await pg.execute("UPDATE t SET i = 1")
    await Migrator(
        database_url, script_location=project.script_location, application_name="another"
    ).upgrade(tag="second")
    (entry,) = await migrator.journal()
    assert (entry.id, entry.state, entry.error) == (failed.id, "done", None)
    assert (entry.tag, entry.application) == ("second", "another")
    assert entry.run != failed.run
    assert entry.started_at >= failed.finished_at


async def test_without_a_journal(history, database_url, pg):
    migrator = Migrator(database_url, script_location=history.script_location, journal=False)
    assert (await migrator.status()).state == "empty"
    assert (await migrator.upgrade()).revisions == ("a1", "b1")
    assert not await migrator.upgrade()
    assert (await migrator.status()).state == "current"
    assert await migrator.journal() == ()
    assert (await migrator.downgrade("base")).revisions == ("b1", "a1")
    await migrator.stamp("head")
    assert (await migrator.current()).heads == ("b1",)
    assert await pg.fetchval("SELECT to_regclass('asyncmig_journal')") is None
    assert "asyncmig_journal" not in await migrator.sql("base:head")


async def test_without_a_journal_nobody_can_go_on(project, database_url, pg):
    """It says so, and an index of an earlier try is not taken for a good one."""
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS i FROM generate_series(1, 2)")
            op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_i ON t (i)")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location, journal=False)
    with pytest.raises(PartiallyAppliedError) as caught:
        await migrator.upgrade()
    assert "without a journal" in caught.value.hint
    with pytest.raises(StatementFailedError, match="invalid index"):
        await migrator.upgrade()
    await pg.execute("DROP INDEX t_i; DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)")
    assert (await migrator.upgrade()).revisions == ("a1",)


async def test_a_retry_without_a_journal(project, database_url, pg):
    await pg.execute("CREATE TABLE t (i int); CREATE SEQUENCE tries")
    await pg.execute(
        "CREATE FUNCTION fail_once() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('tries') < 2 THEN RAISE 'not yet' USING ERRCODE = '40001'; END IF; END $$"
    )
    project.revision(
        "a1",
        upgrade="""
            op.execute("VACUUM t")
            op.execute("SELECT fail_once()")
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location, journal=False)
    assert (await migrator.upgrade()).revisions == ("a1",)


async def test_switched_off_while_a_revision_is_half_way(project, database_url, pg):
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE t (i int)")
            op.execute("VACUUM t")
            op.execute("SELECT 1/0")
        """,
    )
    with pytest.raises(PartiallyAppliedError):
        await Migrator(database_url, script_location=project.script_location).upgrade()
    without = Migrator(database_url, script_location=project.script_location, journal=False)
    assert [entry.revision for entry in (await without.status()).partial] == ["a1"]
    with pytest.raises(PlanError, match="switched off"):
        await without.upgrade()
    await without.resolve("a1", "forget")
    await pg.execute("DROP TABLE t")
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    assert (await without.upgrade()).revisions == ("a1",)


async def test_reading_needs_select_on_two_tables(history, database_url, pg):
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade()
    name = f"{await pg.fetchval('SELECT current_database()')}_reader"
    await pg.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'reader'")
    address = database_url.partition("@")[2]
    reader = Migrator(
        f"postgresql://{name}:reader@{address}", script_location=history.script_location
    )
    reads = [
        reader.status,
        reader.current,
        reader.journal,
        lambda: reader.check_revision("b1"),
        lambda: reader.wait_until_current(timeout=5),
    ]
    try:
        for read in reads:
            with pytest.raises(DatabaseError, match="permission denied") as caught:
                await read()
            assert caught.value.sqlstate == "42501"
            grant = caught.value.hint.split("`")[1]
            assert grant == f"GRANT SELECT ON alembic_version, asyncmig_journal TO {name}"
        await pg.execute(grant)
        for read in reads:
            await read()
    finally:
        await pg.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
