"""Other spellings of the hazards, and what the messages and safe forms say about each."""

import pytest

from asyncmig.lint.example import TABLES
from asyncmig.lint.sizes import bytes_text, rows_text, size_text
from support.linted import lint_texts

PARTITIONED = "CREATE TABLE e (id bigint, at date) PARTITION BY RANGE (at);"

# SQL that is there before, the statement, the rule, a part of the message, a part of the safe form
VARIANTS = [
    (
        "",
        "CREATE INDEX ON orders USING gin (status);",
        "create-index-blocking",
        "on orders",
        "CONCURRENTLY",
    ),
    (
        PARTITIONED + "CREATE TABLE e1 PARTITION OF e DEFAULT;",
        "CREATE INDEX i ON e (id);",
        "create-index-blocking",
        "on e",
        "CREATE INDEX i ON ONLY e (id)",
    ),
    (
        "",
        "ALTER TABLE orders ALTER COLUMN status TYPE json USING to_json(status);",
        "json-column",
        "orders.status is json",
        "ALTER TABLE orders ALTER COLUMN status TYPE jsonb USING to_jsonb(status);",
    ),
    (
        "",
        "REINDEX TABLE orders;",
        "reindex-blocking",
        "an index of orders",
        "REINDEX TABLE CONCURRENTLY orders",
    ),
    (
        "",
        "REINDEX SCHEMA public;",
        "reindex-blocking",
        "all tables of a schema",
        "REINDEX SCHEMA CONCURRENTLY",
    ),
    (
        "",
        "ALTER TABLE orders ADD COLUMN n integer GENERATED ALWAYS AS IDENTITY;",
        "add-column-rewrite",
        "an identity column",
        "CREATE SEQUENCE orders_n_seq AS integer",
    ),
    (
        "",
        "ALTER TABLE orders ADD COLUMN d integer GENERATED ALWAYS AS (code * 2) STORED;",
        "add-column-rewrite",
        "generated and stored",
        "a trigger sets d = code * 2",
    ),
    (
        "",
        "ALTER TABLE orders ADD COLUMN s text UNIQUE;",
        "add-column-inline-constraint",
        "for UNIQUE of s",
        "UNIQUE USING INDEX orders_s_key",
    ),
    (
        "",
        "ALTER TABLE orders ADD COLUMN p bigint DEFAULT 1 REFERENCES customers (id);",
        "add-column-references",
        "and checks every row",
        "REFERENCES customers (id) NOT VALID",
    ),
    (
        "CREATE TYPE mood AS ENUM ('a'); ALTER TABLE orders ADD COLUMN m mood;",
        "ALTER TABLE orders ALTER COLUMN m TYPE text;",
        "alter-type-rewrite",
        "from mood to text",
        "m_new text",
    ),
    (
        "",
        "ALTER TABLE orders ALTER COLUMN status TYPE jsonb USING status::jsonb || '{}';",
        "alter-type-rewrite",
        "from text to jsonb",
        "status_new jsonb",
    ),
    (
        "",
        "ALTER TABLE elsewhere ALTER COLUMN a TYPE text;",
        "alter-type-rewrite",
        "the type of elsewhere.a before it becomes text is not known",
        "a_new",
    ),
    (
        "CREATE TYPE pair AS (a int, b int); ALTER TABLE orders ADD COLUMN p pair;",
        "ALTER TABLE orders ALTER COLUMN p TYPE text;",
        "alter-type-rewrite",
        "for free is not known",
        "p_new",
    ),
    (
        "",
        "ALTER TABLE elsewhere ALTER COLUMN a SET NOT NULL;",
        "set-not-null",
        "unless it is NOT NULL already",
        "CHECK (a IS NOT NULL) NOT VALID",
    ),
    (
        "",
        "ALTER TABLE orders ADD CHECK (total > 0) NO INHERIT;",
        "add-check",
        "orders",
        "ADD CONSTRAINT orders_check CHECK (total > 0) NO INHERIT NOT VALID",
    ),
    (
        "",
        "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;",
        "add-foreign-key",
        "orders and customers",
        "ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY",
    ),
    (
        "CREATE TABLE k (a bigint);",
        "ALTER TABLE k ADD PRIMARY KEY (a);",
        "add-key",
        "PRIMARY KEY",
        "CREATE UNIQUE INDEX CONCURRENTLY k_pkey ON k (a)",
    ),
    ("", "ALTER TABLE orders ADD UNIQUE (code);", "add-key", "UNIQUE", "orders_code_key"),
    (
        "",
        "DROP TABLE orders CASCADE;",
        "drop-table",
        "drops orders with its rows",
        "DROP TABLE orders",
    ),
    (
        "",
        "ALTER TABLE orders DROP COLUMN code;",
        "drop-column",
        "orders.code",
        "ALTER COLUMN code DROP NOT NULL",
    ),
    (
        "",
        "ALTER TABLE orders RENAME TO purchases;",
        "rename",
        "the table orders to purchases",
        "CREATE VIEW orders AS SELECT * FROM purchases",
    ),
    (
        "",
        "ALTER TABLE orders SET SCHEMA archive;",
        "rename",
        "moves orders to the schema archive",
        "both names",
    ),
    ("", "ALTER SCHEMA app RENAME TO old;", "rename", "the schema app to old", "both names"),
    (
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customers;",
        "TRUNCATE customers CASCADE;",
        "truncate",
        "and by CASCADE orders",
        "in batches",
    ),
    (
        "",
        "TRUNCATE elsewhere CASCADE;",
        "truncate",
        "by CASCADE every table that refers to it",
        "in batches",
    ),
    (
        "CREATE DOMAIN d AS int; CREATE TABLE u (v d);",
        "ALTER DOMAIN d SET NOT NULL;",
        "domain-constraint",
        "writes to u",
        "CHECK (VALUE IS NOT NULL) NOT VALID",
    ),
    ("", "DROP TRIGGER touch ON orders;", "trigger", "reads and writes wait", "function"),
    (
        "",
        "ALTER TABLE orders DISABLE TRIGGER ALL;",
        "trigger",
        "disables a trigger of orders",
        "function",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;",
        "REFRESH MATERIALIZED VIEW m;",
        "refresh-materialized-view",
        "reads of m",
        "CREATE UNIQUE INDEX CONCURRENTLY m_key",
    ),
    ("", "CLUSTER orders USING orders_status;", "table-rewrite", "CLUSTER blocks", "pg_repack"),
    ("", "VACUUM FULL;", "table-rewrite", "rewrites every table", None),
    ("", "ALTER TABLE orders SET UNLOGGED;", "table-rewrite", "SET UNLOGGED", "maintenance window"),
    (
        "",
        "SET lock_timeout = '2min'; ALTER TABLE orders ADD COLUMN a int;",
        "lock-timeout",
        "up to 120 s",
        "5s",
    ),
    (
        "",
        "ALTER TABLE customers ADD COLUMN a int; INSERT INTO orders SELECT * FROM orders WHERE id < 0;",
        "long-lock",
        "of customers",
        "COMMIT",
    ),
    (
        "",
        "DELETE FROM orders;",
        "change-all-rows",
        "deletes every row",
        "DELETE FROM orders WHERE id BETWEEN",
    ),
    (
        "",
        "UPDATE orders SET status = 'x', note = 'y' WHERE true;",
        "change-all-rows",
        "changes every row",
        'op.backfill("orders", {"status": "\'x\'", "note": "\'y\'"}',
    ),
    (
        (
            "CREATE INDEX f ON orders (customer_id);"
            "ALTER TABLE orders ADD CONSTRAINT k FOREIGN KEY (customer_id) REFERENCES customers;"
        ),
        "DROP INDEX CONCURRENTLY f;",
        "replace-index",
        "the last index of orders for the foreign key k",
        None,
    ),
    ("", "CALL tidy();", "not-analysed", "the procedure tidy", None),
    ("", "EXECUTE plan_1;", "not-analysed", "the prepared statement plan_1", None),
    (
        "",
        "FROBNICATE orders;",
        "not-analysed",
        "not understood, so not analysed: FROBNICATE orders",
        None,
    ),
    (
        "",
        "DO $$ BEGIN RAISE NOTICE 'x'; END $$;",
        "not-analysed",
        "a DO block is not analysed",
        None,
    ),
    (
        "",
        "DROP INDEX CONCURRENTLY a, b;",
        "concurrently-in-transaction",
        "several indexes",
        "DROP INDEX CONCURRENTLY a;",
    ),
    ("", "DROP INDEX CONCURRENTLY a CASCADE;", "concurrently-in-transaction", "CASCADE", None),
    (
        PARTITIONED,
        "CREATE INDEX CONCURRENTLY i ON e (id);",
        "concurrently-in-transaction",
        "e is partitioned",
        "ON ONLY",
    ),
    (
        "CREATE VIEW v AS SELECT note FROM orders;",
        "ALTER TABLE orders DROP COLUMN note CASCADE;",
        "view-dependency",
        "drops v, which uses orders.note, by CASCADE",
        "DROP VIEW v",
    ),
    (
        "",
        'ALTER TABLE orders ALTER COLUMN code TYPE text COLLATE "C";',
        "alter-type-rewrite",
        "from integer to text",
        None,
    ),
    (
        "DROP TABLE orders; CREATE TABLE orders (LIKE customers);",
        'ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE "C";',
        "alter-type-rewrite",
        "is not known",
        None,
    ),
    (
        (
            "CREATE TABLE a (id int PRIMARY KEY, b int);"
            " CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);"
            " ALTER TABLE a ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES b (id);"
            " CREATE TABLE c (b int REFERENCES b);"
        ),
        "TRUNCATE a CASCADE;",
        "truncate",
        "deletes all rows of a, and by CASCADE b and c,",
        None,
    ),
]


@pytest.mark.parametrize(("before", "sql", "rule", "message", "suggestion"), VARIANTS)
async def test_a_variant(before, sql, rule, message, suggestion, tmp_path):
    result = await lint_texts(tmp_path, TABLES + before, sql)
    found = [finding for finding in result.findings if finding.rule == rule]
    assert found, result.findings
    assert message in found[0].message
    if suggestion is not None:
        assert suggestion in (found[0].suggestion or "")


# what is known after these statements makes the last one harmless
FOLLOWED = [
    "ALTER TABLE orders RENAME TO purchases; ALTER TABLE purchases RENAME COLUMN note TO remark;",
    (
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (status IS NOT NULL);"
        " ALTER TABLE orders RENAME CONSTRAINT c TO d;"
    ),
    "ALTER INDEX orders_status RENAME TO by_status;",
    "CREATE TABLE t (a int); DROP TABLE t;",
    "CREATE TYPE e AS ENUM ('a'); DROP TYPE e;",
    "ALTER TABLE orders ALTER COLUMN code DROP NOT NULL; ALTER TABLE orders DROP COLUMN total;",
    PARTITIONED + "CREATE TABLE p (id bigint, at date); ALTER TABLE e ATTACH PARTITION p DEFAULT;"
    " ALTER TABLE e DETACH PARTITION p;",
    "ALTER TABLE orders ADD CONSTRAINT n NOT NULL note NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT n;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';",
    (
        "CREATE UNIQUE INDEX u ON orders (code); ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX u;"
        " ALTER TABLE orders DROP CONSTRAINT u;"
    ),
]
HARMLESS = [
    "ALTER TABLE purchases ALTER COLUMN remark TYPE varchar(90);",
    "ALTER TABLE orders ALTER COLUMN status SET NOT NULL;",
    "ALTER TABLE orders ALTER COLUMN note TYPE text;",
    "DROP TABLE IF EXISTS t;",
    "CREATE TYPE e AS ENUM ('b');",
    "ALTER TABLE orders ALTER COLUMN note TYPE text;",
    "CREATE INDEX CONCURRENTLY i ON p (id);",
    "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
    "ALTER TABLE orders ADD COLUMN z int DEFAULT f();",
    "CREATE UNIQUE INDEX CONCURRENTLY u ON orders (code);",
]


@pytest.mark.parametrize(("before", "sql"), [*zip(FOLLOWED, HARMLESS, strict=True)])
async def test_what_is_known_follows_the_statements(before, sql, tmp_path):
    result = await lint_texts(tmp_path, TABLES + before, sql)
    assert [(finding.rule, finding.message) for finding in result.findings] == []


async def test_a_volatile_function_of_the_history(tmp_path):
    function = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    result = await lint_texts(
        tmp_path, TABLES + function, "ALTER TABLE orders ADD COLUMN z int DEFAULT f();"
    )
    (finding,) = result.findings
    assert (finding.rule, finding.facts) == ("add-column-volatile-default", "history")


def test_rows_and_bytes_as_people_read_them():
    assert rows_text(1) == "1 row"
    assert rows_text(9_999) == "9999 rows"
    assert rows_text(45_678) == "45 thousand rows"
    assert rows_text(12_345_678) == "12.3 million rows"
    assert rows_text(3_000_000_000) == "3.0 billion rows"
    assert bytes_text(512) == "512 bytes"
    assert bytes_text(20_480) == "20 kB"
    assert bytes_text(5 << 40) == "5120 GB"
    assert bytes_text(500 << 40) == "500 TB"
    assert size_text("t", None, None, 10) == "size of t not known"
    assert size_text("t", 12, 8192, 10) == "t has 12 rows, 8192 bytes"
    assert size_text("t", 12, None, 20) == "t has 12 rows: a small table"
