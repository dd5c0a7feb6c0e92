"""Phases that fail on a lock, a deadlock or a serialization failure are tried again."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database import retry_policy
from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.events import LockBlocked, PhaseRetried
from asyncmig.plan.model import Direction, Phase, PhaseKind, Step


@asynccontextmanager
async def holding(url: str, sql: str = "LOCK TABLE t IN ACCESS SHARE MODE"):
    """Another session in a transaction that holds a lock; calling the value ends it."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "the report"})
    await connection.execute(f"BEGIN; {sql}")

    async def let_go() -> None:
        await connection.execute("ROLLBACK")

    try:
        yield let_go
    finally:
        await connection.close()


@pytest.fixture
async def table(pg):
    await pg.execute("CREATE TABLE t (i int)")


class Heard(list):
    """Events; ``after`` runs once so many tries have failed."""

    def __init__(self, tries: int = 10**6, after=None) -> None:
        super().__init__()
        self.tries, self.after, self.due = tries, after, anyio.Event()

    def __call__(self, event) -> None:
        self.append(event)
        if len(self.of(PhaseRetried)) >= self.tries:
            self.due.set()

    def of(self, kind):
        return [event for event in self if isinstance(event, kind)]


async def upgrade(url, project, heard, let_go, **settings):
    """Upgrade, and end the other session's transaction once ``heard`` says so."""
    migrator = Migrator(url, script_location=project.script_location, on_event=heard, **settings)

    async def free() -> None:
        await heard.due.wait()
        await let_go()

    async with anyio.create_task_group() as group:
        group.start_soon(free)
        result = await migrator.upgrade()
        group.cancel_scope.cancel()
    return result


async def test_a_phase_goes_through_once_the_lock_is_free(project, database_url, pg, table):
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("CREATE TABLE b (i int)")
            op.execute("ALTER TABLE t ADD COLUMN b int")
        """,
    )
    project.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE c (i int)")')
    heard = Heard(3)
    async with holding(database_url) as let_go:
        result = await upgrade(database_url, project, heard, let_go)
    assert result.revisions == ("a1", "b1", "c1")
    tries = heard.of(PhaseRetried)
    assert {(event.revision, event.phase, event.sqlstate) for event in tries} == {
        ("b1", 0, "55P03")
    }
    assert [event.attempt for event in tries] == list(range(2, len(tries) + 2))
    assert [event.lock_timeout for event in tries][:3] == [0.2, 0.4, 0.8]
    (blocker,) = tries[-1].blockers
    assert (blocker.application, blocker.state) == ("the report", "idle in transaction")
    assert blocker.relation == "t"
    assert blocker.query_age >= 0
    assert heard.of(LockBlocked)[-1].blockers[0].pid == blocker.pid
    # each try was a transaction of its own: one row a phase
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_journal") == 3
    assert await pg.fetchval("SHOW lock_timeout") == "0"


async def test_the_error_names_who_blocks(project, database_url, pg, table):
    path = project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    path = project.revision("b1", down="a1", upgrade='op.execute("ALTER TABLE t ADD b int")')
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.3, lock_retries=2
    )
    async with holding(database_url):
        with pytest.raises(StatementFailedError, match=r"tried 3 times.*the report") as caught:
            await migrator.upgrade()
    error = caught.value
    assert not isinstance(error, PartiallyAppliedError)
    assert error.sqlstate == "55P03"
    assert error.origin.startswith(str(path))
    assert error.attempts == 3
    assert error.applied == ("a1",)
    assert "idle in transaction" in error.fields()["blockers"][0]
    assert "lock_retries" in error.hint
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a1"
    assert (await migrator.upgrade()).revisions == ("b1",)


@pytest.mark.cells(4)
@pytest.mark.parametrize("retries", [0, 1])
@pytest.mark.parametrize("timeout", [0.001, 0.3])
@pytest.mark.parametrize(
    "runs",
    [
        'op.execute("ALTER TABLE t ADD b int")',
        """op.execute("DO $$ BEGIN EXECUTE 'DROP INDEX t_i'; LOCK TABLE public.T; END $$")""",
        'op.get_bind().exec_driver_sql("ALTER TABLE t ADD b int")',
        'op.get_bind(); op.execute("DROP INDEX t_i")',
        'op.execute("VACUUM FULL t")',
    ],
)
async def test_few_and_short_tries_name_the_blocker_too(
    project, database_url, pg, table, retries, timeout, runs
):
    await pg.execute("CREATE INDEX t_i ON t (i)")
    project.revision("a1", upgrade=runs)
    heard = Heard()
    migrator = Migrator(
        database_url,
        script_location=project.script_location,
        lock_timeout=timeout,
        lock_retries=retries,
        on_event=heard,
    )
    async with holding(database_url):
        with pytest.raises(StatementFailedError, match="the report") as caught:
            await migrator.upgrade()
    assert caught.value.attempts == retries + 1
    assert all("the report" in str(event.blockers) for event in heard.of(PhaseRetried))
    assert len(heard.of(PhaseRetried)) == retries


async def test_who_only_works_elsewhere_is_not_named(project, database_url, pg, table):
    await pg.execute("CREATE TABLE u (i int)")
    project.revision("a1", upgrade='op.execute("ALTER TABLE t ADD b int")')
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.001, lock_retries=0
    )
    await pg.execute("SET application_name = 'elsewhere'; BEGIN; LOCK TABLE u")
    async with holding(database_url):
        with pytest.raises(StatementFailedError) as caught:
            await migrator.upgrade()
    assert len(caught.value.blockers) == 1


async def test_a_live_script_is_played_again(project, database_url, pg, table):
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade="""
            op.execute("CREATE TABLE a (i int)")
            op.execute("CREATE INDEX CONCURRENTLY a_i ON a (i)")
            count = op.get_bind().execute(sa.text("SELECT count(*) FROM t")).scalar()
            op.execute(f"INSERT INTO a VALUES ({count})")
            op.execute("ALTER TABLE t ADD COLUMN b int")
        """,
    )
    project.revision("b1", down="a1", upgrade='op.execute("CREATE TABLE b (i int)")')
    heard = Heard(2)
    async with holding(database_url) as let_go:
        result = await upgrade(database_url, project, heard, let_go)
    assert result.revisions == ("a1", "b1")
    tries = heard.of(PhaseRetried)
    assert {(event.revision, event.phase) for event in tries} == {("a1", 2)}
    assert "the report" in str(tries[-1].blockers)
    assert await pg.fetchval("SELECT array_agg(i) FROM a") == [0]
    rows = await pg.fetch("SELECT revision, phase, state FROM asyncmig_journal ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("a1", 0, "done"),
        ("a1", 1, "done"),
        ("a1", 2, "done"),
        ("b1", 0, "done"),
    ]


async def test_a_script_that_runs_the_statement_itself(project, database_url, pg, table):
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade="""
            op.get_bind().execute(sa.text("ALTER TABLE t ADD COLUMN b int"))
        """,
    )
    heard = Heard(2)
    async with holding(database_url) as let_go:
        await upgrade(database_url, project, heard, let_go)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_journal") == 1


async def test_an_async_script(project, database_url, pg, table):
    project.revision(
        "a1",
        signature="async def {name}(op):",
        upgrade="""
            connection = await op.connection()
            await connection.execute("ALTER TABLE t ADD COLUMN b int")
        """,
    )
    heard = Heard(2)
    async with holding(database_url) as let_go:
        await upgrade(database_url, project, heard, let_go)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_journal") == 1


async def test_a_live_script_that_never_gets_the_lock(project, database_url, pg, table):
    project.revision(
        "a1",
        upgrade="""
            op.get_bind()
            op.execute("ALTER TABLE t ADD COLUMN b int")
        """,
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.3, lock_retries=2
    )
    async with holding(database_url):
        with pytest.raises(StatementFailedError, match=r"tried 3 times.*the report") as caught:
            await migrator.upgrade()
    assert caught.value.attempts == 3
    assert (await migrator.upgrade()).revisions == ("a1",)


async def test_all_revisions_in_one_transaction(project, database_url, pg, table):
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (i int)")')
    project.revision("b1", down="a1", upgrade='op.execute("ALTER TABLE t ADD b int")')
    project.revision(
        "c1",
        down="b1",
        header="import sqlalchemy as sa",
        upgrade='op.get_bind().execute(sa.text("INSERT INTO a VALUES (1)"))',
    )
    heard = Heard(2)
    async with holding(database_url) as let_go:
        await upgrade(database_url, project, heard, let_go, transaction="all")
    assert await pg.fetchval("SELECT count(*) FROM a") == 1
    # the row of the phase that waited is updated at the end of the run
    unchanged = await pg.fetch("SELECT xmin::text FROM asyncmig_journal WHERE lock_wait IS NULL")
    assert len(unchanged) == 2
    assert len(set(unchanged)) == 1


async def test_a_statement_that_stands_alone(project, database_url, pg, table):
    project.revision("a1", upgrade='op.execute("VACUUM FULL t")')
    heard = Heard(2)
    async with holding(database_url) as let_go:
        await upgrade(database_url, project, heard, let_go)
    rows = await pg.fetch("SELECT state, statement FROM asyncmig_journal")
    assert [tuple(row) for row in rows] == [("done", 1)]


async def test_an_alone_statement_that_never_gets_the_lock(project, database_url, pg, table):
    project.revision("a1", upgrade='op.execute("VACUUM FULL t")')
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.3, lock_retries=1
    )
    async with holding(database_url):
        with pytest.raises(StatementFailedError, match=r"tried 2 times.*the report"):
            await migrator.upgrade()
    row = await pg.fetchrow("SELECT state, error FROM asyncmig_journal")
    assert row["state"] == "failed"
    assert "lock timeout" in row["error"]
    assert (await migrator.upgrade()).revisions == ("a1",)


@pytest.mark.cells(1)
@pytest.mark.parametrize("form", ["directive", "bind"])
async def test_a_concurrent_index_waits_as_long_as_it_takes(project, database_url, pg, table, form):
    sql = "CREATE INDEX CONCURRENTLY t_i ON t (i)"
    runs = f"op.get_bind().exec_driver_sql({sql!r})" if form == "bind" else f"op.execute({sql!r})"
    project.revision("a1", upgrade=runs)
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_timeout=0.2, lock_retries=0
    )
    async with (
        holding(database_url, "INSERT INTO t VALUES (1)") as let_go,
        anyio.create_task_group() as group,
    ):
        group.start_soon(migrator.upgrade)
        await anyio.sleep(1)
        await let_go()
    assert await pg.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_i'::regclass")


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("before", "sql"),
    [
        ("SELECT 1", "CREATE INDEX CONCURRENTLY t_i ON t (i)"),
        ("CREATE INDEX t_i ON t (i)", "DROP INDEX CONCURRENTLY t_i"),
        ("CREATE INDEX t_i ON t (i)", "REINDEX INDEX CONCURRENTLY t_i"),
        (
            """CREATE TABLE p (i int) PARTITION BY LIST (i);
            ALTER TABLE p ATTACH PARTITION t FOR VALUES IN (1)""",
            "ALTER TABLE p DETACH PARTITION t CONCURRENTLY",
        ),
    ],
)
async def test_whom_a_concurrent_statement_waits_for(project, database_url, pg, table, before, sql):
    await pg.execute(before)
    project.revision("a1", upgrade=f"op.execute({sql!r})")
    heard = Heard()

    async def free(let_go) -> None:
        with anyio.fail_after(10):
            while not heard.of(LockBlocked):
                await anyio.sleep(0.02)
        await anyio.sleep(0.6)
        await let_go()

    parent = "p" if "DETACH" in sql else "t"
    async with holding(database_url, f"LOCK TABLE {parent} IN ROW EXCLUSIVE MODE") as let_go:
        migrator = Migrator(
            database_url, script_location=project.script_location, on_event=heard, lock_timeout=0.1
        )
        async with anyio.create_task_group() as group:
            group.start_soon(free, let_go)
            await migrator.upgrade()
    (blocked,) = heard.of(LockBlocked)
    assert [blocker.application for blocker in blocked.blockers] == ["the report"]
    assert heard.of(PhaseRetried) == []


async def test_a_deadlock_is_tried_again(project, database_url, pg):
    """The other session waits for the first table before the run waits for the second."""
    await pg.execute(
        """
        CREATE TABLE t (i int); CREATE TABLE u (i int);
        CREATE FUNCTION wait_for_the_other() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            SET LOCAL deadlock_timeout = '10ms';
            WHILE EXISTS (SELECT FROM pg_locks WHERE relation = 'u'::regclass)
                AND NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)
            LOOP PERFORM pg_sleep(0.01); END LOOP;
        END $$
        """
    )
    project.revision(
        "a1",
        upgrade="""
            op.execute("LOCK TABLE t")
            op.execute("SELECT wait_for_the_other()")
            op.execute("LOCK TABLE u")
        """,
    )
    await pg.execute("BEGIN; LOCK TABLE u; SET LOCAL deadlock_timeout = '1min'")
    heard = Heard()
    migrator = Migrator(
        database_url,
        script_location=project.script_location,
        on_event=heard,
        lock_timeout=0,
    )
    async with anyio.create_task_group() as group:
        group.start_soon(migrator.upgrade)
        with anyio.fail_after(30):
            while not await pg.fetchval(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass)"
            ):
                await anyio.sleep(0.01)
        await pg.execute("LOCK TABLE t")
        await pg.execute("COMMIT")
    assert [event.sqlstate for event in heard.of(PhaseRetried)] == ["40P01"]


async def test_a_serialization_failure_is_tried_again(project, database_url, pg):
    await pg.execute(
        """
        CREATE SEQUENCE tries;
        CREATE FUNCTION fail_twice() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') < 3 THEN RAISE 'not yet' USING ERRCODE = '40001'; END IF; END $$
        """
    )
    project.revision(
        "a1",
        upgrade="""
            op.execute("CREATE TABLE a (i int)")
            op.execute("SELECT fail_twice()")
        """,
    )
    heard = Heard()
    await Migrator(database_url, script_location=project.script_location, on_event=heard).upgrade()
    assert [event.attempt for event in heard.of(PhaseRetried)] == [2, 3]


SAVED = "CREATE TABLE seen AS SELECT name, setting FROM pg_settings WHERE name LIKE '%\\_timeout'"


@pytest.mark.parametrize("form", ["python", "sql", "bind", "async"])
async def test_time_limits_of_a_revision(project, database_url, pg, form):
    header = "lock_timeout = '7s'\nlock_retries = 0\nstatement_timeout = 90"
    match form:
        case "python":
            project.revision("a1", header=header, upgrade=f"op.execute({SAVED!r})")
        case "bind":
            runs = f"op.get_bind().exec_driver_sql({SAVED!r})"
            project.revision("a1", header=header, upgrade=runs)
        case "async":
            runs = f"await (await op.connection()).execute({SAVED!r})"
            project.revision("a1", header=header, signature="async def {name}(op):", upgrade=runs)
        case "sql":
            project.write(
                "a1.sql",
                "-- revision: a1\n-- lock_timeout: 7s\n-- lock_retries: 0\n-- Statement_Timeout: 1.5min\n\n"
                f"-- upgrade\n{SAVED};\n",
            )
    project.revision(
        "b1", down="a1", upgrade=f"op.execute({SAVED.replace('seen', 'seen_after')!r})"
    )
    await Migrator(
        database_url, script_location=project.script_location, statement_timeout="5min"
    ).upgrade()
    wanted = (
        "SELECT setting FROM {} WHERE name IN ('lock_timeout', 'statement_timeout') ORDER BY name"
    )
    assert [row[0] for row in await pg.fetch(wanted.format("seen"))] == ["7000", "90000"]
    assert [row[0] for row in await pg.fetch(wanted.format("seen_after"))] == ["100", "300000"]


async def test_time_limits_of_a_statement_that_stands_alone(project, database_url, pg):
    """A procedure that commits runs by itself, and sees the limits that the revision asks for."""
    await pg.execute(
        "CREATE TABLE seen (name text, setting text);"
        " CREATE PROCEDURE look() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen SELECT name, setting"
        " FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout'); COMMIT; END $$"
    )
    header = "lock_timeout = 7\nlock_retries = 0\nstatement_timeout = 0.3"
    runs = "with op.autocommit():\n    op.execute('CALL look()')"
    project.revision("a1", header=header, upgrade=runs)
    await Migrator(database_url, script_location=project.script_location).upgrade()
    rows = await pg.fetch("SELECT setting FROM seen ORDER BY name")
    assert [row[0] for row in rows] == ["7000", "300"]


async def test_time_limits_of_a_statement_that_a_script_runs_alone(
    project, database_url, pg, table
):
    header = "lock_timeout = 0\nlock_retries = 0\nstatement_timeout = 0.3"
    project.revision("a1", header=header, upgrade="op.get_bind().exec_driver_sql('VACUUM FULL t')")
    migrator = Migrator(database_url, script_location=project.script_location)
    async with holding(database_url):
        with pytest.raises(StatementFailedError, match="statement timeout"):
            await migrator.upgrade()


async def test_a_script_that_runs_a_statement_alone_waits_longer_with_each_try(
    project, database_url, pg, table
):
    project.revision("a1", upgrade="op.get_bind().exec_driver_sql('VACUUM FULL t')")
    heard = Heard(3)
    async with holding(database_url) as let_go:
        migrator = Migrator(
            database_url,
            script_location=project.script_location,
            lock_timeout=1.5,
            lock_retries=1,
            on_event=heard,
        )

        async def free() -> None:
            await anyio.sleep(1.1)
            await let_go()

        async with anyio.create_task_group() as group:
            group.start_soon(free)
            assert (await migrator.upgrade()).revisions == ("a1",)
    assert len(heard.of(PhaseRetried)) == 1


async def test_a_revision_has_limits_of_its_own(project, database_url, pg):
    project.revision(
        "a1",
        header="lock_timeout = 7.5\nlock_retries = 0",
        upgrade="op.execute(\"CREATE TABLE a AS SELECT current_setting('lock_timeout') AS s\")",
    )
    project.revision(
        "b1",
        down="a1",
        upgrade="op.execute(\"CREATE TABLE b AS SELECT current_setting('lock_timeout') AS s\")",
    )
    await Migrator(database_url, script_location=project.script_location).upgrade()
    assert await pg.fetchval("SELECT s FROM a") == "7500ms"
    assert await pg.fetchval("SELECT s FROM b") == "100ms"


@pytest.mark.parametrize(
    "line",
    [
        "lock_timeout = 'soon'",
        "lock_timeout = -1",
        "statement_timeout = True",
        "lock_retries = 1.5",
        "lock_retries = -1",
    ],
)
async def test_limits_that_are_none(project, database_url, line):
    from asyncmig.errors import ScriptError

    project.revision("a1", header=line)
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(ScriptError, match=line.split()[0]):
        await migrator.upgrade()


@pytest.mark.parametrize(("given", "seen"), [(None, "3s"), (0, "0"), (2.0, "2s")])
async def test_none_leaves_the_servers_limit(project, database_url, pg, given, seen):
    await pg.execute(
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 3000', current_database()); END$$"
    )
    project.revision(
        "a1",
        upgrade="op.execute(\"CREATE TABLE a AS SELECT current_setting('lock_timeout') AS s\")",
    )
    await Migrator(
        database_url, script_location=project.script_location, lock_timeout=given, lock_retries=0
    ).upgrade()
    assert await pg.fetchval("SELECT s FROM a") == seen


async def test_nothing_is_tried_again_inside_the_callers_transaction(
    project, database_url, pg, table
):
    from sqlalchemy.ext.asyncio import create_async_engine

    project.revision("a1", upgrade='op.execute("ALTER TABLE t ADD b int")')
    engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"))
    heard = Heard()
    async with holding(database_url), engine.connect() as connection:
        await connection.begin()
        await connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
        migrator = Migrator(connection, script_location=project.script_location, on_event=heard)
        with pytest.raises(StatementFailedError) as caught:
            await migrator.upgrade()
        await connection.rollback()
    await engine.dispose()
    assert caught.value.sqlstate == "55P03"
    assert heard.of(PhaseRetried) == []


def test_the_schedule():
    schedule = RetryPolicy(lock_timeout=5.0, retries=10)
    timeouts = [schedule.timeout(attempt) for attempt in range(11)]
    assert timeouts == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0, 5.0]
    assert all(a <= b for a, b in itertools.pairwise(timeouts))
    assert RetryPolicy(lock_timeout=5.0, retries=0).timeout(0) == 5.0
    assert RetryPolicy(lock_timeout=0.05, retries=3).timeout(0) == 0.05
    assert RetryPolicy(lock_timeout=None, retries=3).timeout(1) is None
    assert RetryPolicy(lock_timeout=0, retries=3).timeout(1) == 0
    for attempt in range(1, 50):
        assert 0 < schedule.pause(attempt) <= retry_policy.LONGEST_PAUSE * 1.3
    step = Step(
        revision="a",
        direction=Direction.UPGRADE,
        phases=(Phase(kind=PhaseKind.TRANSACTION),),
        lock_retries=2,
    )
    assert schedule.for_step(step) == RetryPolicy(lock_timeout=5.0, retries=2)
    assert schedule.for_step(None) is schedule
