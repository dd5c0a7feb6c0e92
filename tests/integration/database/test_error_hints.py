"""Each hint for an SQLSTATE is provoked on a server: upgrading, downgrading, and outside a transaction."""

from __future__ import annotations

from textwrap import indent

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database.error_hints import HINTS
from asyncmig.errors import StatementFailedError

SETUP = """
CREATE TABLE base (id int PRIMARY KEY, name text DEFAULT 'none', n int, body text);
INSERT INTO base VALUES (1, 'a long name', 70000, 'x'), (2, NULL, 0, 'x');
CREATE TABLE child (base_id int, at text);
INSERT INTO child VALUES (77, 'never');
CREATE VIEW seen AS SELECT name FROM base;
CREATE TYPE mood AS ENUM ('ok');
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE PROCEDURE committing() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
CREATE TABLE deferred_child (base_id int REFERENCES base DEFERRABLE INITIALLY DEFERRED);
"""


def sql(text: str) -> str:
    return f"op.execute({text!r})"


# by SQLSTATE and cause: the failing part of a script
PROVOKED = {
    ("0A000", "a view or rule uses the column"): sql("ALTER TABLE base ALTER name TYPE varchar(9)"),
    ("0A000", "an extension that is not installed on the server"): sql("CREATE EXTENSION no_such_one"),
    ("0A000", "anything else"): sql("ALTER TABLE base ADD CHECK (n < (SELECT 1))"),
    ("21000", ""): sql("UPDATE base SET n = (SELECT id FROM base)"),
    ("22001", ""): sql(
        "ALTER TABLE base ALTER body TYPE varchar(1); INSERT INTO base VALUES (3, 'n', 1, 'xx')"
    ),
    ("22003", ""): sql("ALTER TABLE base ALTER n TYPE smallint"),
    ("22007", ""): sql("ALTER TABLE child ALTER at TYPE date USING at::date"),
    ("22008", ""): sql("SELECT '2020-13-40'::date"),
    ("22012", ""): sql("SELECT 1 / n FROM base"),
    ("22P02", ""): sql("ALTER TABLE base ALTER body TYPE int USING body::int"),
    ("23502", "a column added without a default"):
        "op.add_column('base', sa.Column('x', sa.Integer, nullable=False))",
    ("23502", "existing rows, or an INSERT"): sql("ALTER TABLE base ALTER name SET NOT NULL"),
    ("23503", ""): sql("ALTER TABLE child ADD FOREIGN KEY (base_id) REFERENCES base"),
    ("23505", ""): sql("CREATE UNIQUE INDEX ON base (body)"),
    ("23514", ""): sql("ALTER TABLE base ADD CHECK (n > 0)"),
    ("23P01", ""): sql("ALTER TABLE base ADD EXCLUDE USING btree (body WITH =)"),
    ("25006", ""): sql("SET LOCAL transaction_read_only = on; CREATE TABLE x ()"),
    ("2BP01", ""): sql("DROP TABLE base"),
    ("2D000", ""): sql("DO $$ BEGIN CALL committing(); END $$"),
    ("3F000", ""): sql("CREATE TABLE no_such.t ()"),
    ("42501", ""): sql("SET LOCAL ROLE pg_monitor; DROP TABLE base"),
    ("42601", ""): sql("CREATE TABEL t ()"),
    ("42701", "an earlier statement of the revision creates it"):
        sql("ALTER TABLE base ADD y int") + "\n" + sql("ALTER TABLE base ADD y int"),
    ("42701", "something else created it"): sql("ALTER TABLE base ADD n int"),
    ("42703", "an earlier statement of the revision drops it"):
        sql("ALTER TABLE base DROP n") + "\n" + sql("UPDATE base SET n = 1"),
    ("42703", "it does not exist, or not where it is looked for"): sql("UPDATE base SET zz = 1"),
    ("42704", "an earlier statement of the revision drops it"):
        sql("DROP TYPE mood") + "\n" + sql("ALTER TABLE base ADD m mood"),
    ("42704", "it does not exist, or not where it is looked for"): sql("ALTER TABLE base ADD m citext"),
    ("42710", "an earlier statement of the revision creates it"):
        sql("CREATE TYPE two AS ENUM ()") + "\n" + sql("CREATE TYPE two AS ENUM ()"),
    ("42710", "something else created it"): sql("CREATE TYPE mood AS ENUM ()"),
    ("42723", "an earlier statement of the revision creates it"):
        sql("CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'") + "\n"
        + sql("CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    ("42723", "something else created it"): sql("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    ("42P06", "an earlier statement of the revision creates it"):
        sql("CREATE SCHEMA s") + "\n" + sql("CREATE SCHEMA s"),
    ("42P06", "something else created it"): sql("CREATE SCHEMA public"),
    ("42P07", "an earlier statement of the revision creates it"):
        sql("CREATE TABLE twice ()") + "\n" + sql("CREATE TABLE twice ()"),
    ("42P07", "something else created it"): sql("CREATE TABLE base ()"),
    ("42P01", "an earlier statement of the revision drops it"):
        sql("DROP TABLE child") + "\n" + sql("DELETE FROM child"),
    ("42P01", "it does not exist, or not where it is looked for"): sql("DELETE FROM no_such_table"),
    ("42804", "the default of the column"):
        "op.alter_column('base', 'name', type_=sa.Uuid(), postgresql_using='NULL::uuid')",
    ("42804", "the values of the column"): "op.alter_column('base', 'body', type_=sa.Integer())",
    ("42804", "anything else"): sql("UPDATE base SET n = 'x'::text"),
    ("42809", ""): sql("DROP TABLE seen"),
    ("42830", ""): sql("ALTER TABLE child ADD FOREIGN KEY (at) REFERENCES base (body)"),
    ("42846", ""): sql("SELECT 1::point"),
    ("42883", ""): sql("SELECT no_such_function()"),
    ("42P16", ""): sql("ALTER TABLE base ADD PRIMARY KEY (n)"),
    ("42P17", "a function that is not immutable"): sql("CREATE INDEX ON base ((now()))"),
    ("42P17", "anything else"): sql(
        "CREATE TABLE p (a int) PARTITION BY RANGE (a);"
        " CREATE TABLE q PARTITION OF p FOR VALUES FROM (5) TO (1)"
    ),
    ("54011", ""): sql("CREATE TABLE wide (" + ", ".join(f"c{n} int" for n in range(1700)) + ")"),
    ("55000", ""): sql("SELECT lastval()"),
    ("55006", "pending trigger events"):
        sql("INSERT INTO deferred_child VALUES (1)") + "\n" + sql("ALTER TABLE deferred_child ADD x int"),
    ("55P03", ""): sql("SET LOCAL lock_timeout = '50ms'; LOCK TABLE held"),
    ("55P04", ""): sql(
        "DO $$ BEGIN ALTER TYPE mood ADD VALUE 'new'; PERFORM 'new'::mood; END $$"
    ),
    ("57014", "statement_timeout"): sql("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)"),
    ("57014", "pg_cancel_backend"): sql("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)"),
    ("P0001", ""): sql("DO $$ BEGIN RAISE EXCEPTION 'no'; END $$"),
    **{
        (state, "a downgrade"): text
        for state, text in {
            "42703": sql("UPDATE base SET zz = 1"),
            "42704": sql("DROP TYPE no_such_type"),
            "42P01": sql("DROP TABLE no_such_table"),
        }.items()
    },
    **{
        (state, "no revision was applied before"): text
        for state, text in {
            "42701": sql("ALTER TABLE base ADD n int"),
            "42710": sql("CREATE TYPE mood AS ENUM ()"),
            "42723": sql("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
            "42P06": sql("CREATE SCHEMA public"),
            "42P07": sql("CREATE TABLE base ()"),
        }.items()
    },
}  # fmt: skip

# what a test of one statement cannot bring about: each has tests of its own, named here
ELSEWHERE = {
    ("25001", ""): "asyncmig puts such statements into autocommit phases",
    ("25P02", ""): "tests/integration/execution/test_upgrade.py: a script that catches an error",
    ("40001", ""): "tests/integration/execution/test_retry.py",
    ("40P01", ""): "tests/integration/execution/test_retry.py",
    ("53100", ""): "tests/integration/execution/test_disk_full.py",
    ("53200", "the lock table"): "tests/integration/shadow: a small lock table",
    ("53200", "anything else"): "a server without memory",
    ("53300", ""): "refused connections",
    ("55006", "other sessions"): "DROP DATABASE runs outside a transaction",
    ("55006", "anything else"): "a server that speaks another language",
    ("57014", "anything else"): "a server that speaks another language",
}


def text_of(sqlstate: str, cause: str) -> str | None:
    return next(row.text for row in HINTS if (row.sqlstate, row.cause) == (sqlstate, cause))


def test_every_row_is_provoked():
    rows = [(row.sqlstate, row.cause) for row in HINTS]
    assert len(set(rows)) == len(rows)
    assert set(rows) == PROVOKED.keys() | ELSEWHERE.keys()
    assert not PROVOKED.keys() & ELSEWHERE.keys()


def expected(sqlstate: str, cause: str, error: StatementFailedError) -> bool:
    text = text_of(sqlstate, cause)
    if text is None:
        server = error.fields()["server_hint"]
        return server is None or server in (error.hint or "")
    return all(part in (error.hint or "") for part in _fixed(text))


def _fixed(text: str) -> list[str]:
    import re

    return [part for part in re.split(r"\{\w+\}", text) if part.strip()]


@pytest.mark.cells(12)
@pytest.mark.parametrize(("sqlstate", "cause"), PROVOKED)
async def test_the_hint(project, database_url, pg, sqlstate, cause):
    await pg.execute(SETUP)
    script = PROVOKED[sqlstate, cause]
    if sqlstate == "55P03":
        await pg.execute("CREATE TABLE held ()")
        await pg.execute("BEGIN; LOCK TABLE held")
    down = cause == "a downgrade"
    parent = None
    if cause != "no revision was applied before" and not down:
        parent = "a0"
        project.revision("a0")
    header = "import sqlalchemy as sa"
    if down:
        project.revision("a1", downgrade=script, header=header)
    else:
        project.revision("a1", down=parent, upgrade=script, header=header)
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_retries=0, lock_timeout=0.05
    )
    if parent:
        await migrator.upgrade(parent)
    if down:
        await migrator.upgrade()
    with pytest.raises(StatementFailedError) as caught:
        await (migrator.downgrade("base") if down else migrator.upgrade())
    error = caught.value
    assert error.fields()["sqlstate"] == sqlstate, error
    assert expected(sqlstate, cause, error), error.hint
    assert "nothing of a1 was kept" in (error.hint or "")


ABSENT = {"42703", "42704", "42P01"}
"""For these a downgrade has a cause of its own."""

LOCAL = {
    ("25006", ""): "SET LOCAL",
    ("2D000", ""): "a procedure may commit there",
    ("42501", ""): "SET LOCAL",
    ("55000", ""): "the journal has used a sequence in the session",
    ("55006", "pending trigger events"): "the events are not pending after a commit",
    ("55P03", ""): "SET LOCAL",
    ("55P04", ""): "the label is committed",
    ("57014", "statement_timeout"): "SET LOCAL",
}
"""What cannot be provoked outside a transaction, and why."""


def harmless(hint: str, sqlstate: str, cause: str) -> bool:
    """The hint names no step that would make things worse where objects exist already."""
    may_stamp = cause == "no revision was applied before"
    return "head:base" not in hint and (may_stamp or "stamp" not in hint)


@pytest.mark.cells(7)
@pytest.mark.parametrize(
    ("sqlstate", "cause"), [row for row in PROVOKED if row[1] != "a downgrade"]
)
async def test_in_a_downgrade(project, database_url, pg, sqlstate, cause):
    await pg.execute(SETUP)
    if sqlstate == "55P03":
        await pg.execute("CREATE TABLE held ()")
        await pg.execute("BEGIN; LOCK TABLE held")
    project.revision("a1", downgrade=PROVOKED[sqlstate, cause], header="import sqlalchemy as sa")
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_retries=0, lock_timeout=0.05
    )
    await migrator.upgrade()
    with pytest.raises(StatementFailedError) as caught:
        await migrator.downgrade("base")
    hint = caught.value.hint or ""
    assert caught.value.fields()["sqlstate"] == sqlstate
    assert "nothing of the downgrade was kept" in hint or "nothing of a1 was kept" in hint
    assert harmless(hint, sqlstate, "")
    if cause == "no revision was applied before":
        cause = "something else created it"
    if sqlstate in ABSENT and not cause.startswith("an earlier"):
        cause = "a downgrade"
    assert expected(sqlstate, cause, caught.value), hint


@pytest.mark.cells(6)
@pytest.mark.parametrize(
    ("sqlstate", "cause"),
    [row for row in PROVOKED if row[1] != "a downgrade" and row not in LOCAL],
)
async def test_outside_a_transaction(project, database_url, pg, sqlstate, cause):
    await pg.execute(SETUP)
    body = indent(PROVOKED[sqlstate, cause], "    ")
    parent = None
    if cause != "no revision was applied before":
        parent = "a0"
        project.revision("a0")
    project.revision(
        "a1",
        down=parent,
        upgrade=f"with op.autocommit():\n{body}",
        header="import sqlalchemy as sa",
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, lock_retries=0, lock_timeout=0.05
    )
    if parent:
        await migrator.upgrade(parent)
    with pytest.raises(StatementFailedError) as caught:
        await migrator.upgrade()
    hint = caught.value.hint or ""
    assert caught.value.fields()["sqlstate"] == sqlstate
    assert expected(sqlstate, cause, caught.value), hint
    assert harmless(hint, sqlstate, cause)


async def test_no_hint_tells_to_stamp_what_a_script_created(project, database_url):
    project.revision(
        "a1", upgrade=PROVOKED["42P07", "an earlier statement of the revision creates it"]
    )
    with pytest.raises(StatementFailedError) as caught:
        await Migrator(database_url, script_location=project.script_location).upgrade()
    assert "stamp" not in (caught.value.hint or "")
    assert "creates twice twice" in (caught.value.hint or "")
    assert isinstance(caught.value.__cause__, asyncpg.DuplicateTableError)
