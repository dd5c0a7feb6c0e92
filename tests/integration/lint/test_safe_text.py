"""What the linter suggests for SQL ends in the catalog of that SQL."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.lint.example import ROWS, TABLES
from asyncmig.sql.split import split
from fix_database import catalog_dump
from support.linted import lint_texts

PARTITIONED = """
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 (id bigint, at date NOT NULL);
CREATE MATERIALIZED VIEW emails AS SELECT id, email FROM customers;
CREATE UNIQUE INDEX ON emails (id);
"""

WHOLE = [
    "ALTER TABLE orders ADD CONSTRAINT \"Total\" CHECK (total >= 0 AND note <> ':x')",
    "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE SET NULL",
    (
        "alter table orders add constraint fk foreign key (customer_id) references customers (id)"
        " match full on update cascade deferrable initially deferred"
    ),
    "ALTER TABLE orders ADD UNIQUE (code, status)",
    "ALTER TABLE customers ADD CONSTRAINT email_key UNIQUE (email) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE orders ALTER COLUMN status SET NOT NULL",
    "CREATE INDEX ON_STATUS ON orders USING btree (lower(status) DESC NULLS LAST, code) WHERE code > 7",
    "CREATE UNIQUE INDEX i ON orders (code)",
    "DROP INDEX orders_status",
    "CREATE INDEX at ON events (at, (id + 1))",
    "ALTER TABLE orders ADD COLUMN rating integer CHECK (rating > 0) UNIQUE",
    "ALTER TABLE orders ADD COLUMN payer bigint REFERENCES customers (id) ON DELETE CASCADE",
    "ALTER TABLE orders ADD COLUMN token varchar(36) DEFAULT gen_random_uuid()::text NOT NULL",
    "ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "ALTER TABLE events DETACH PARTITION events_2025",
    "REFRESH MATERIALIZED VIEW emails",
]


@pytest.mark.cells(3)
@pytest.mark.parametrize("sql", WHOLE)
async def test_the_suggestion_does_what_the_statement_does(
    sql, tmp_path, database_url, make_database
):
    plain, safe = database_url, make_database()
    for url in (plain, safe):
        await run(url, TABLES + PARTITIONED + ROWS)
    result = await lint_texts(tmp_path, TABLES + PARTITIONED, f"{sql};")
    suggestion = next(each.suggestion for each in result.findings if each.severity != "note")
    assert suggestion is not None
    await run(plain, sql)
    for statement in split(suggestion):
        await run(safe, statement.text)
    assert normalised(safe) == normalised(plain)


def normalised(url: str) -> list[str]:
    return sorted(catalog_dump(url).splitlines())


async def run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
