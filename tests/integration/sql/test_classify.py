"""The server is the judge of what we say about SQL text."""

from __future__ import annotations

import io
import subprocess

import asyncpg
import psycopg2
import pytest

from asyncmig.sql.classify import Control, classify
from asyncmig.sql.split import split
from fix_database import catalog_dump, postgres_program

OBJECTS = """
CREATE TABLE t (a int CONSTRAINT positive CHECK (a > 0), b text);
CREATE INDEX t_a ON t (a);
CREATE TYPE mood AS ENUM ('ok');
CREATE TABLE parent (a int) PARTITION BY RANGE (a);
CREATE TABLE child PARTITION OF parent FOR VALUES FROM (1) TO (2);
CREATE TABLE other (a int);
CREATE MATERIALIZED VIEW seen AS SELECT 1 AS a;
CREATE UNIQUE INDEX seen_a ON seen (a);
CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
"""

STATEMENTS = [
    "CREATE INDEX ON t (b)",
    "CREATE INDEX CONCURRENTLY ON t (b)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY t USING btree (b)",
    "/* note */ create index -- note\nconcurrently i on t (b)",
    'CREATE INDEX "concurrently" ON t (b)',
    "DROP INDEX t_a",
    "DROP INDEX CONCURRENTLY t_a",
    "REINDEX TABLE t",
    "REINDEX INDEX t_a",
    "REINDEX (VERBOSE) INDEX t_a",
    "REINDEX (CONCURRENTLY FALSE) INDEX t_a",
    "REINDEX (CONCURRENTLY) INDEX t_a",
    "REINDEX TABLE CONCURRENTLY t",
    "REINDEX SCHEMA public",
    "REINDEX DATABASE {database}",
    "REINDEX SYSTEM {database}",
    "VACUUM",
    "VACUUM t",
    "VACUUM (ANALYZE, FREEZE) t",
    "ANALYZE t",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "CLUSTER t USING t_a",
    "CLUSTER (VERBOSE) t USING t_a",
    "CREATE DATABASE other_database",
    "DROP DATABASE IF EXISTS other_database",
    "ALTER DATABASE {database} SET TABLESPACE pg_default",
    "ALTER DATABASE postgres SET timezone TO utc",
    "CREATE TABLESPACE s LOCATION '/nowhere'",
    "DROP TABLESPACE IF EXISTS s",
    "ALTER SYSTEM SET timezone TO utc",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (copy_data = false)",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p, q WITH (connect = false)",
    "CREATE SUBSCRIPTION s CONNECTION 'port=1' PUBLICATION p WITH (connect = 'off', enabled = off)",
    "DROP SUBSCRIPTION sub",
    "ALTER SUBSCRIPTION sub ENABLE",
    "ALTER SUBSCRIPTION sub SET PUBLICATION q WITH (refresh = false)",
    "ALTER SUBSCRIPTION sub SET (slot_name = other)",
    "ALTER TABLE parent DETACH PARTITION child",
    "ALTER TABLE parent DETACH PARTITION child CONCURRENTLY",
    "ALTER TABLE parent ATTACH PARTITION other FOR VALUES FROM (5) TO (6)",
    "ALTER TABLE t VALIDATE CONSTRAINT positive",
    "ALTER TYPE mood ADD VALUE 'good' AFTER 'ok'",
    "DISCARD ALL",
    "DISCARD PLANS",
    "COMMIT PREPARED 'nothing'",
    "ROLLBACK PREPARED 'nothing'",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY seen",
    "EXPLAIN ANALYZE SELECT 1",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CHECKPOINT",
    "LOCK TABLE t",
]
AFTER_ENABLING = [
    "ALTER SUBSCRIPTION sub SET PUBLICATION q",
    "ALTER SUBSCRIPTION sub ADD PUBLICATION q WITH (copy_data = false)",
    "ALTER SUBSCRIPTION sub DROP PUBLICATION p WITH (refresh = true)",
    "ALTER SUBSCRIPTION sub REFRESH PUBLICATION",
]


@pytest.fixture
async def furnished(pg):
    """A database with one object of each kind that the statements speak of."""
    for statement in split(OBJECTS):
        await pg.execute(statement.text)
    yield pg
    await pg.execute("ALTER SUBSCRIPTION sub SET (slot_name = NONE)")  # else the database stays
    await pg.execute("DROP SUBSCRIPTION sub")


async def refusal(pg: asyncpg.Connection, sql: str, before: str = "SELECT 1") -> str | None:
    """The SQLSTATE with which the server refuses a statement in a block; None when it runs."""
    await pg.execute("BEGIN")
    await pg.execute(before)
    try:
        await pg.execute(sql)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    finally:
        await pg.execute("ROLLBACK")
    return None


def said(sql: str) -> str | None:
    return None if classify(sql).transactional else "25001"


async def test_the_server_refuses_in_a_block_exactly_what_we_say(furnished):
    database = await furnished.fetchval("SELECT current_database()")
    statements = [sql.format(database=database) for sql in STATEMENTS]
    answers = {sql: await refusal(furnished, sql) for sql in statements}
    assert answers == {sql: said(sql) for sql in statements}


async def test_the_server_refuses_in_a_block_what_makes_a_subscription_talk(furnished):
    enable = "ALTER SUBSCRIPTION sub ENABLE"
    more = "ALTER SUBSCRIPTION sub ADD PUBLICATION more WITH (refresh = false)"
    answers = {sql: await refusal(furnished, sql, f"{more}; {enable}") for sql in AFTER_ENABLING}
    assert answers == {sql: said(sql) for sql in AFTER_ENABLING}


@pytest.mark.pg(">=17")
async def test_the_server_refuses_a_failover_change_in_a_block(furnished):
    sql = "ALTER SUBSCRIPTION sub SET (failover = true)"
    assert await refusal(furnished, sql) == said(sql) == "25001"


@pytest.mark.pg(">=18")
async def test_the_server_refuses_in_a_block_to_end_two_phase(furnished):
    on = "ALTER SUBSCRIPTION sub SET (two_phase = true)"
    off = "ALTER SUBSCRIPTION sub SET (two_phase = false)"
    assert await refusal(furnished, on) == said(on) is None
    assert await refusal(furnished, off, on) == said(off) == "25001"


@pytest.mark.parametrize(
    "sql",
    ["BEGIN", "START TRANSACTION READ WRITE", "COMMIT", "COMMIT AND NO CHAIN", "END WORK", "ROLLBACK",
     "ABORT", "SAVEPOINT s", "RELEASE s", "ROLLBACK TO s", "ROLLBACK TRANSACTION TO SAVEPOINT s"],
)  # fmt: skip
async def test_control_says_whether_the_transaction_goes_on(pg, sql):
    control = classify(sql).control
    await pg.execute("BEGIN; CREATE TABLE made (); SAVEPOINT s")
    await pg.execute(sql)
    assert pg.is_in_transaction() == (control in (Control.BEGIN, Control.SAVEPOINT))
    if pg.is_in_transaction():
        await pg.execute("COMMIT")
    made = await pg.fetchval("SELECT to_regclass('made') IS NOT NULL")
    assert made == (control is not Control.ROLLBACK)


@pytest.mark.parametrize(
    "sql",
    [
        sql
        for sql in STATEMENTS
        if sql.startswith(("CREATE", "ALTER", "DROP"))
        and classify(sql).transactional
        and "{" not in sql
    ],
)
async def test_verb_begins_with_the_command_tag_of_the_server(furnished, sql):
    await furnished.execute("BEGIN")
    tag = await furnished.execute(sql)
    await furnished.execute("ROLLBACK")
    assert classify(sql).verb.startswith(tag)


SCRIPT = r"""
\restrict 0
-- a script with everything that makes it hard; to cut
CREATE TABLE rows (a int, b text DEFAULT ';', "c;d" text); /* ; /* ; */ */
CREATE TABLE log (what text);;
INSERT INTO rows VALUES (1, 'it''s; '), (2, E'\';'), (3, U&'\0061;');
INSERT INTO rows (a, b) SELECT 4, 'one;'
    -- a constant may go on here;
    'two;' ;
COPY rows (a, b) FROM STDIN; -- data;
10	x;y
11	'--"$$
12	\N
\.
CREATE FUNCTION plain() RETURNS text LANGUAGE sql AS $fn$ SELECT $$;$$; SELECT '$x$;' $fn$;
CREATE FUNCTION atomic(n int) RETURNS text
BEGIN ATOMIC
    INSERT INTO log VALUES ('; END');
    SELECT CASE WHEN n > 1 THEN CASE n WHEN 2 THEN 'end;' END END AS "end";
END;
CREATE FUNCTION empty() RETURNS void BEGIN ATOMIC END;
CREATE OR REPLACE PROCEDURE proc() begin atomic DELETE FROM log; END;
CREATE RULE audit AS ON DELETE TO rows DO ALSO (INSERT INTO log VALUES ('x'); NOTIFY gone;);
DO $$ BEGIN EXECUTE 'CREATE TABLE made (a text DEFAULT '';'')'; END; $$;
BEGIN; COMMENT ON TABLE rows IS ';'; COMMIT;
COPY rows FROM STDIN WITH (FORMAT csv);
20,"say ""x"" ;",
\.
SELECT "a$b$" FROM (SELECT 1 AS "a$b$") x
"""


def run_by_psql(url: str, script: str) -> None:
    psql = [str(postgres_program("psql")), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url]
    finished = subprocess.run(psql, input=script, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def run_split(url: str, script: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in split(script):
            if statement.copy_data is None:
                cursor.execute(statement.text)
            else:
                cursor.copy_expert(statement.text, io.StringIO(statement.copy_data))
    connection.close()


def test_split_statements_do_what_psql_does_with_the_script(make_database):
    ours, theirs = make_database(), make_database()
    run_split(ours, SCRIPT)
    run_by_psql(theirs, SCRIPT)
    dump = catalog_dump(ours, data=True)
    assert dump == catalog_dump(theirs, data=True)
    assert "one;two;" in dump


def test_a_dump_splits_into_statements_that_restore_it(make_database):
    ours, theirs = make_database(), make_database()
    run_by_psql(theirs, SCRIPT)
    dump = catalog_dump(theirs, data=True, normalise=False)
    assert "BEGIN ATOMIC" in dump
    run_split(ours, dump.replace("SET transaction_timeout = 0;", ""))  # new in 17
    assert catalog_dump(ours, data=True) == catalog_dump(theirs, data=True)


async def test_one_statement_of_ours_is_one_of_the_servers(pg):
    """The extended protocol takes exactly one statement: it refuses two, and an empty one."""
    with pytest.raises(asyncpg.PostgresSyntaxError, match="multiple commands"):
        await pg.prepare("SELECT 1; SELECT 2")
    for statement in split(SCRIPT):
        if statement.copy_data is None:
            await pg.fetch(statement.text)


async def test_positions_of_the_server_lead_to_the_script(pg):
    script = "-- first\nSELECT 1;\n\n/* é */ SELECT 'ü',\n  nothing;\n"
    statement = split(script)[1]
    with pytest.raises(asyncpg.UndefinedColumnError) as error:
        await pg.execute(statement.text)
    at = statement.offset + int(error.value.position) - 1
    assert script[at:].startswith("nothing")
    assert script.count("\n", 0, at) + 1 == 5
