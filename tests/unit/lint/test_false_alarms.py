"""Statements that look like a hazard and are none; each was an alarm once, or is one of another linter."""

import pytest

from asyncmig import Migrator
from asyncmig.lint.example import TABLES
from support.linted import lint_texts
from support.paths import ROOT

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
    "a row by its key": "UPDATE orders SET status = 'x' WHERE id = 7;",
    "INSERT of rows": "INSERT INTO customers (id) VALUES (-1), (-2);",
    "a unique index made a key": "CREATE TABLE n (a bigint NOT NULL); CREATE UNIQUE INDEX i ON n (a);"
    " ALTER TABLE n ADD PRIMARY KEY USING INDEX i;",
}


@pytest.mark.parametrize("name", QUIET)
async def test_no_finding(name, tmp_path):
    result = await lint_texts(tmp_path, TABLES, QUIET[name])
    assert [(finding.rule, finding.message) for finding in result.findings] == []


async def test_the_revisions_of_the_example_service_are_clean():
    config = ROOT / "examples" / "fastapi_service" / "pyproject.toml"
    result = await Migrator.from_config(config).lint(all=True, offline=True)
    assert result.ok, result.reported
    assert {finding.severity for finding in result.reported} == {"note"}
    assert len(result.revisions) == 16
