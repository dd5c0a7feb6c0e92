"""Statements that look like a hazard and are none; each was an alarm once, or is one of another linter."""

import pytest

from asyncmig import Migrator
from asyncmig.lint.example import TABLES
from support.linted import lint_texts
from support.paths import ROOT

PARTITIONED = "CREATE TABLE p (a int) PARTITION BY RANGE (a);"

QUIET = {
    "LIKE locks no parent": (
        "CREATE TABLE copy (LIKE orders INCLUDING ALL); UPDATE customers SET name = 'x' WHERE id = 1;"
    ),
    "now() is stable": "ALTER TABLE orders ADD COLUMN seen timestamptz DEFAULT now() NOT NULL;",
    "a constant default": "ALTER TABLE orders ADD COLUMN n integer DEFAULT 3 NOT NULL;",
    "varchar widened": "ALTER TABLE orders ALTER COLUMN note TYPE varchar(200);",
    "to text with a cast": "ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text;",
    "numeric widened": "ALTER TABLE orders ALTER COLUMN total TYPE numeric(14, 2);",
    "NOT NULL already": "ALTER TABLE orders ALTER COLUMN code SET NOT NULL;",
    "an index of a new table": "CREATE TABLE n (a text); CREATE INDEX i ON n (a);",
    "a new table that is renamed": "CREATE TABLE n (a text); ALTER TABLE n RENAME TO m;"
    " ALTER TABLE m ADD CHECK (a <> '');",
    "a temporary table": "CREATE TEMP TABLE n AS SELECT 1 AS a; DELETE FROM n;",
    "DROP IF EXISTS of what is not there": "DROP TABLE IF EXISTS nothing;",
    "ON ONLY a partitioned table": "CREATE TABLE p (a int) PARTITION BY RANGE (a);"
    " CREATE INDEX i ON ONLY p (a);",
    "a table under its old name as a view": "ALTER TABLE customers RENAME TO people;"
    " CREATE VIEW customers AS SELECT * FROM people;",
    "a new table in every statement": "CREATE TABLE n (a int, b int, p date) PARTITION BY RANGE (p);"
    " CREATE TABLE n1 PARTITION OF n DEFAULT; CREATE TABLE m (a int, b int); CREATE TABLE m1 (p date);"
    " ALTER TABLE m ADD COLUMN c int CHECK (c > 0); ALTER TABLE m ADD COLUMN d int NOT NULL;"
    " ALTER TABLE m ADD COLUMN e int REFERENCES n1 (a); ALTER TABLE m ADD COLUMN f serial;"
    ' ALTER TABLE m ALTER COLUMN a TYPE text COLLATE "C"; ALTER TABLE m ALTER COLUMN a SET NOT NULL;'
    " ALTER TABLE m DROP COLUMN b; CREATE INDEX i ON m (a); REINDEX INDEX i; REINDEX TABLE m;"
    " DROP INDEX i; CREATE INDEX j ON m (e); ALTER TABLE n DETACH PARTITION n1; TRUNCATE m;"
    " ALTER TABLE m ADD CONSTRAINT k CHECK (a <> '') NOT VALID; ALTER TABLE m VALIDATE CONSTRAINT k;"
    " ALTER TABLE m SET LOGGED; ALTER TABLE m DISABLE TRIGGER ALL;"
    " CREATE MATERIALIZED VIEW v AS SELECT 1 AS a; REFRESH MATERIALIZED VIEW v;"
    " CREATE TYPE e AS ENUM ('a'); ALTER TYPE e RENAME VALUE 'a' TO 'b'; ALTER TYPE e ADD VALUE 'c';"
    " CREATE DOMAIN d AS int; CREATE TABLE o (a d); ALTER DOMAIN d ADD CHECK (VALUE > 0);",
    "a column that is not there": "ALTER TABLE orders DROP COLUMN IF EXISTS nothing;",
    "an index that is not there": "DROP INDEX IF EXISTS nothing;",
    "a collation of a column without an index": (
        'ALTER TABLE orders ALTER COLUMN note TYPE varchar(50) COLLATE "C";'
    ),
    "a key by an index that is not known": (
        "ALTER TABLE orders ADD CONSTRAINT k UNIQUE USING INDEX elsewhere;"
    ),
    "the storage of an index": "ALTER INDEX orders_status SET TABLESPACE fast;",
    "an index of a new table that is dropped and built again": "CREATE TABLE n (a int);"
    " CREATE INDEX i ON n (a); DROP INDEX i; CREATE INDEX j ON n (a);",
    "a row by its key": "UPDATE orders SET status = 'x' WHERE id = 7;",
    "INSERT of rows": "INSERT INTO customers (id) VALUES (-1), (-2);",
    "a unique index made a key": "CREATE TABLE n (a bigint NOT NULL); CREATE UNIQUE INDEX i ON n (a);"
    " ALTER TABLE n ADD PRIMARY KEY USING INDEX i;",
}


@pytest.mark.parametrize("name", QUIET)
async def test_no_finding(name, tmp_path):
    result = await lint_texts(tmp_path, TABLES, QUIET[name])
    assert [(finding.rule, finding.message) for finding in result.findings] == []


# what is there before, beside the tables of the examples
BEFORE = {
    "ON ONLY an existing partitioned table": (PARTITIONED, "CREATE INDEX i ON ONLY p (a);"),
    "an index of a table without partitions": (PARTITIONED, "CREATE INDEX i ON p (a);"),
    "an index of a partitioned table is not dropped concurrently": (
        PARTITIONED + "CREATE INDEX i ON p (a);",
        "DROP INDEX i;",
    ),
    "a view's trigger": (
        "CREATE VIEW v AS SELECT * FROM orders;",
        "CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();",
    ),
    "a domain without a table": (
        "CREATE DOMAIN d AS int;",
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0);",
    ),
    "a primary key by an index that is not known": (
        "",
        "ALTER TABLE orders ADD CONSTRAINT k PRIMARY KEY USING INDEX elsewhere;",
    ),
    "all system catalogs": ("", "REINDEX SYSTEM shop;"),
}


@pytest.mark.parametrize("name", BEFORE)
async def test_no_finding_about_what_is_there(name, tmp_path):
    before, sql = BEFORE[name]
    result = await lint_texts(tmp_path, TABLES + before, sql)
    assert [(finding.rule, finding.message) for finding in result.findings] == []


async def test_the_revisions_of_the_example_service_are_clean():
    config = ROOT / "examples" / "fastapi_service" / "pyproject.toml"
    result = await Migrator.from_config(config).lint(all=True, offline=True)
    assert result.ok, result.reported
    assert {finding.severity for finding in result.reported} == {"note"}
    assert len(result.revisions) == 16
