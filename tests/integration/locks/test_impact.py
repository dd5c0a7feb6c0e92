"""The impact of plans on a real database."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.config.settings import Settings
from asyncmig.database.session_settings import open_session
from asyncmig.errors import DatabaseError, PlanError
from asyncmig.locks.copy import read_source

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, amount int, note varchar(20), customer_id int, placed timestamp);
INSERT INTO orders SELECT i, i, 'x', NULL, now() FROM generate_series(1, 20000) i;
CREATE INDEX orders_note ON orders (note);
CREATE TABLE events (id int, at date) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE VIEW amounts AS SELECT amount FROM orders;
CREATE SCHEMA app;
CREATE TABLE app.small (id int);
ANALYZE;
"""


@pytest.fixture
async def assess(project, database_url, pg):
    """The impact of one revision with these statements, or of a function's body."""
    await pg.execute(SCHEMA)

    async def run(*statements: str, body: str | None = None, **settings):
        code = body or "\n".join(f"op.execute({sql!r})" for sql in statements)
        project.revision("a", upgrade=code, header="import sqlalchemy as sa")
        migrator = Migrator(database_url, script_location=project.script_location, **settings)
        return await migrator.impact(await migrator.plan("head"))

    return run


def locks(statement) -> dict[str, str]:
    return {lock.relation: lock.mode for lock in statement.locks if not (lock.table or lock.held)}


@pytest.mark.cells(3)
@pytest.mark.parametrize(
    ("sql", "expected", "rewrites", "scans", "blocks", "level"),
    [
        (
            "ALTER TABLE orders ALTER amount SET NOT NULL",
            {"orders": "AccessExclusiveLock"}, (), ("orders",), "reads and writes", "everything",
        ),
        (
            "ALTER TABLE orders ADD x int",
            {"orders": "AccessExclusiveLock"}, (), (), "reads and writes", "brief",
        ),
        (
            "CREATE INDEX ON orders (amount)",
            {"orders": "ShareLock"}, (), ("orders",), "writes", "writes",
        ),
        (
            "CREATE INDEX CONCURRENTLY x ON orders (amount)",
            {"orders": "ShareUpdateExclusiveLock"}, (), ("orders",), "DDL only", "none",
        ),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers",
            {"orders": "ShareRowExclusiveLock", "customers": "ShareRowExclusiveLock"}, (),
            ("customers", "orders"), "writes", "writes",
        ),
        (
            "ALTER TABLE orders ALTER note TYPE varchar(5)",
            {"orders": "AccessExclusiveLock"}, ("orders", "orders_note", "orders_pkey"), ("orders",),
            "reads and writes", "everything",
        ),
        (
            "ALTER TABLE orders ALTER note TYPE varchar(50)",
            {"orders": "AccessExclusiveLock"}, (), (), "reads and writes", "brief",
        ),
        (
            'ALTER TABLE orders ALTER note TYPE varchar(20) COLLATE "C"',
            {"orders": "AccessExclusiveLock"}, ("orders_note",), ("orders",), "reads and writes",
            "everything",
        ),
        ("TRUNCATE orders", {"orders": "AccessExclusiveLock"}, (), (), "reads and writes", "brief"),
        (
            "ALTER TABLE events ADD x int",
            {"events": "AccessExclusiveLock", "events_1": "AccessExclusiveLock"}, (), (),
            "reads and writes", "brief",
        ),
        (
            "ALTER TABLE app.small ADD CHECK (id > 0)",
            {"app.small": "AccessExclusiveLock"}, (), ("app.small",), "reads and writes", "brief",
        ),
        ("CREATE TABLE fresh (id int PRIMARY KEY)", {}, (), (), "nothing", "none"),
        ("VACUUM orders", {"orders": "ShareUpdateExclusiveLock"}, (), (), "DDL only", "none"),
        ("DROP INDEX orders_note", {"orders": "AccessExclusiveLock"}, (), (), "reads and writes", "brief"),
        ("UPDATE orders SET amount = 1", {"orders": "RowExclusiveLock"}, (), ("orders",), "nothing", "none"),
        ("DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD x int'; END $$",
         {"orders": "AccessExclusiveLock"}, (), (), "reads and writes", "brief"),
    ],
)  # fmt: skip
async def test_one_statement(assess, sql, expected, rewrites, scans, blocks, level):
    impact = await assess(sql)
    (statement,) = impact.statements
    assert statement.source == "traced"
    assert locks(statement) == expected
    assert statement.rewrites == rewrites
    assert statement.scans == scans
    assert (statement.blocks, statement.level, impact.level) == (blocks, level, level)
    assert impact.copy == "scratch database on the same server"
    assert impact.incomplete == ()
    assert impact.notes == ()


async def test_sizes_come_from_the_database(assess, pg):
    (statement,) = (await assess("ALTER TABLE orders ADD x int")).statements
    (lock,) = statement.locks
    assert lock.rows == 20000
    actual = await pg.fetchval("SELECT pg_total_relation_size('orders')")
    assert lock.bytes is not None
    assert 0.5 * actual < lock.bytes < 1.5 * actual


async def test_a_table_of_the_same_plan_is_not_reported(assess):
    impact = await assess(
        "CREATE TABLE fresh (id int)",
        "ALTER TABLE fresh ADD x int NOT NULL",
        "CREATE INDEX ON fresh (x)",
    )
    assert [statement.locks for statement in impact.statements] == [(), (), ()]


async def test_a_lock_that_an_earlier_statement_holds(assess):
    _, second = (
        await assess("ALTER TABLE orders ADD x int", "CREATE INDEX ON orders (amount)")
    ).statements
    assert [(lock.mode, lock.held) for lock in second.locks] == [
        ("ShareLock", False),
        ("AccessExclusiveLock", True),
    ]
    assert second.blocks == "reads and writes"
    assert second.level == "everything"


async def test_an_index_that_takes_the_name_of_another_is_not_rewritten(assess):
    impact = await assess(
        "CREATE INDEX CONCURRENTLY orders_next ON orders (note, amount)",
        "DROP INDEX orders_note",
        "ALTER INDEX orders_next RENAME TO orders_note",
        "REINDEX INDEX orders_pkey",
    )
    rewrites = [statement.rewrites for statement in impact.statements]
    assert rewrites == [(), (), (), ("orders_pkey",)]


async def test_each_phase_begins_without_locks(assess):
    _, _, third = (
        await assess(
            "ALTER TABLE orders ADD x int",
            "CREATE INDEX CONCURRENTLY i ON orders (amount)",
            "CREATE INDEX ON orders (customer_id)",
        )
    ).statements
    assert (third.phase, third.statement) == (2, 0)
    assert locks(third) == {"orders": "ShareLock"}


async def test_a_script_that_reads_runs_in_the_copy(assess):
    impact = await assess(
        body="""
        op.execute("ALTER TABLE orders ADD x int")
        rows = op.get_bind().execute(sa.text("SELECT count(*) FROM customers")).scalar()
        assert rows == 0
        op.execute("CREATE INDEX ON customers (id)")
        """
    )
    assert all(statement.live for statement in impact.statements)
    assert [(statement.statement, locks(statement)) for statement in impact.statements] == [
        (0, {"orders": "AccessExclusiveLock"}),
        (None, {"customers": "AccessShareLock"}),
        (None, {"customers": "ShareLock"}),
    ]


async def test_a_live_script_between_static_ones(assess, project):
    project.revision("b", down="a", upgrade='op.execute("ALTER TABLE customers ADD y int")')
    impact = await assess(body='op.get_bind(); op.execute("ALTER TABLE orders ADD x int")')
    assert [(statement.revision, locks(statement)) for statement in impact.statements] == [
        ("a", {"orders": "AccessExclusiveLock"}),
        ("b", {"customers": "AccessExclusiveLock"}),
    ]


async def test_a_statement_that_fails_in_the_copy(assess):
    failed, after = (
        await assess(
            "ALTER TABLE orders ADD amount int", "ALTER TABLE orders ALTER amount SET NOT NULL"
        )
    ).statements
    assert failed.error == 'column "amount" of relation "orders" already exists'
    assert (after.source, after.scans) == ("known", ("orders",))
    assert after.note == "not traced: a statement before it failed in the copy"


async def test_an_error_that_only_rows_cause(assess):
    (statement,) = (await assess("ALTER TABLE orders ADD x int NOT NULL")).statements
    assert statement.note == "fails with SQLSTATE 23502 on a table that has rows"


async def test_who_would_block(assess, database_url):
    other = await asyncpg.connect(database_url, server_settings={"application_name": "report"})
    await other.execute(
        "BEGIN; SELECT count(*) FROM pg_class; LOCK TABLE orders IN ROW EXCLUSIVE MODE"
    )
    try:
        impact = await assess("CREATE INDEX ON orders (amount)")
        (blocker,) = impact.blockers
        assert (blocker.relation, blocker.mode, blocker.application) == (
            "orders", "RowExclusiveLock", "report",
        )  # fmt: skip
        assert blocker.pid == other.get_server_pid()
        assert (await assess("CREATE INDEX CONCURRENTLY i ON orders (amount)")).blockers == ()
    finally:
        await other.close()


async def test_nothing_stronger_than_access_share_is_taken_on_the_target(assess, database_url, pg):
    """The locks of the whole server are read again and again while a plan is traced."""
    seen: set[str] = set()
    watched: list[asyncpg.Record] = []
    done = asyncio.Event()
    connection = await asyncpg.connect(database_url)

    async def watch() -> None:
        while not done.is_set():
            for row in await connection.fetch(
                "SELECT mode, CASE WHEN relation >= 16384 THEN relation::regclass::text END AS relation"
                " FROM pg_locks WHERE locktype = 'relation' AND pid <> ALL($1)"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                [connection.get_server_pid(), pg.get_server_pid()],
            ):
                watched.append(row)
                seen.add(row["mode"])
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    impact = await assess("ALTER TABLE orders ALTER amount SET NOT NULL", "DROP TABLE customers")
    done.set()
    await watching
    await connection.close()
    assert [statement.source for statement in impact.statements] == ["traced", "traced"]
    assert len(watched) > 20
    assert seen == {"AccessShareLock"}
    # the expressions of these are printed
    assert {row["relation"] for row in watched} - {None} <= {
        "amounts",
        "events",
        "events_1",
        "orders",
    }


PRINTED = {
    "a CHECK": "CREATE TABLE t (id int CHECK (id > 0))",
    "a generated column": "CREATE TABLE t (id int, b int GENERATED ALWAYS AS (id * 2) STORED)",
    "an index of an expression": "CREATE TABLE t (id int); CREATE INDEX ON t ((id + 1))",
    "a partial index": "CREATE TABLE t (id int); CREATE INDEX ON t (id) WHERE id > 0",
    "an exclusion constraint": "CREATE TABLE t (id int, EXCLUDE USING btree (id WITH =))",
    "a view": "CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t",
    "a policy": "CREATE TABLE t (id int); CREATE POLICY p ON t USING (id > 0)",
    "a rule": "CREATE TABLE t (id int); CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
    "a partition key": "CREATE TABLE t (id int) PARTITION BY RANGE (id)",
    "expressions in statistics": "CREATE TABLE t (id int, b int); CREATE STATISTICS s ON (id + 1), b FROM t",
}
NOT_PRINTED = """
CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE DOMAIN amount AS int DEFAULT 5 CHECK (VALUE > 0);
CREATE TABLE t (
    id serial PRIMARY KEY, note text DEFAULT lower('X') UNIQUE, at timestamptz DEFAULT now(), value amount,
    customer_id int REFERENCES customer
);
CREATE INDEX ON t (note, at);
COMMENT ON TABLE t IS 'x';
GRANT SELECT (id) ON t TO PUBLIC;
"""


async def read_behind_an_exclusive_lock(pg, database_url: str, schema: str, monkeypatch) -> None:
    monkeypatch.setattr(
        "asyncmig.locks.copy._READING",
        "; SET LOCAL transaction_read_only = on; SET LOCAL lock_timeout = 100",
    )
    await pg.execute(schema)
    migrator = Migrator(database_url, script_location="none")
    async with (
        pg.transaction(),
        open_session(migrator._project.database(), Settings(script_location="none")) as session,
    ):
        await pg.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        await read_source(session)


@pytest.mark.cells(4)
@pytest.mark.parametrize("schema", PRINTED.values(), ids=PRINTED)
async def test_a_table_is_locked_where_an_expression_with_its_columns_is_printed(
    pg, database_url, schema, monkeypatch
):
    """PostgreSQL's own functions take ACCESS SHARE to look up the names of the columns."""
    with pytest.raises(DatabaseError, match="lock timeout"):
        await read_behind_an_exclusive_lock(pg, database_url, schema, monkeypatch)


async def test_no_other_table_is_locked(pg, database_url, monkeypatch):
    """Defaults, keys, foreign keys, indexes of columns, comments and grants are read from the catalogs."""
    await read_behind_an_exclusive_lock(pg, database_url, NOT_PRINTED, monkeypatch)


async def test_behind_an_exclusive_lock_the_table_of_facts_answers(assess, database_url):
    other = await asyncpg.connect(database_url)
    await other.execute("BEGIN; LOCK TABLE orders")
    try:
        impact = await assess("ALTER TABLE orders ALTER amount SET NOT NULL")
    finally:
        await other.close()
    (statement,) = impact.statements
    assert (statement.source, statement.scans) == ("known", ("orders",))
    assert impact.notes == (
        "not traced, the schema cannot be read: another session holds ACCESS EXCLUSIVE on a relation",
    )
    (blocker,) = impact.blockers
    assert blocker.mode == "AccessExclusiveLock"


async def test_nothing_is_left_behind(assess, pg, monkeypatch):
    # other tests make such databases at the same time
    token = f"left_{uuid4().hex}"
    monkeypatch.setattr("asyncmig.locks.places.secrets.token_hex", lambda _: token)
    await assess("ALTER TABLE orders ADD x int", "SELECT 1 / 0")
    names = await pg.fetch(
        "SELECT datname FROM pg_database WHERE datname = $1", f"asyncmig_shadow_{token}"
    )
    assert names == []
    assert await pg.fetchval("SELECT count(*) FROM orders") == 20000
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None


async def test_what_the_copy_lacks_is_reported(assess, pg):
    await pg.execute("CREATE TEXT SEARCH CONFIGURATION english_2 (COPY = english)")
    impact = await assess("ALTER TABLE orders ADD x int")
    assert impact.incomplete == ("the copy lacks the text search configuration public.english_2",)


async def test_without_a_copy_the_table_of_facts_answers(assess):
    impact = await assess(
        "ALTER TABLE orders ALTER amount SET NOT NULL",
        "DO $$ BEGIN END $$",
        shadow_url="postgresql://nobody@127.0.0.1:1/none",
    )
    known, unknown = impact.statements
    assert (known.source, known.level) == ("known", "everything")
    assert locks(known) == {"orders": "AccessExclusiveLock"}
    assert known.locks[0].rows == 20000
    assert unknown.source == "unknown"
    assert impact.copy is None
    (note,) = impact.notes
    assert note.startswith("not traced, no copy can be made: shadow_url cannot be used: ")


async def test_a_plan_from_other_revisions_is_refused(project, database_url):
    project.revision("a")
    project.revision("b", down="a")
    migrator = Migrator(database_url, script_location=project.script_location)
    plan = await migrator.plan("head", current="a")
    with pytest.raises(PlanError, match="the plan starts at a, and the database is at base"):
        await migrator.impact(plan)


async def test_sessions_that_this_role_may_not_see(assess, project, database_url, pg):
    await pg.execute("CREATE ROLE impact_reader LOGIN PASSWORD 'x'")
    try:
        project.revision("a", upgrade='op.execute("SELECT 1")')
        url = database_url.replace(database_url.split("//")[1].split("@")[0], "impact_reader:x")
        migrator = Migrator(url, script_location=project.script_location, shadow_url="embedded")
        impact = await migrator.impact(await migrator.plan("head"))
        assert any("pg_read_all_stats" in note for note in impact.notes)
    finally:
        await pg.execute("DROP ROLE impact_reader")
