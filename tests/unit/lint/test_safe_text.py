"""SQL that says more than a rewrite can say gets a hint, and never a safe form with something left out."""

import pytest

from asyncmig.lint.example import TABLES
from support.linted import lint_texts

PARTITIONED = "CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);"


@pytest.mark.parametrize(
    ("sql", "suggestion"),
    [
        (
            "ALTER TABLE orders ADD CHECK (code > 0) NO INHERIT",
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_check CHECK (code > 0) NO INHERIT NOT VALID;\n"
                "ALTER TABLE orders VALIDATE CONSTRAINT orders_check;"
            ),
        ),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE",
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id)"
                " REFERENCES customers ON DELETE CASCADE NOT VALID;\n"
                "ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey;"
            ),
        ),
        (
            "ALTER TABLE orders ADD UNIQUE (code) INCLUDE (status)",
            (
                "-- a unique index with the same columns and options, created concurrently; then ADD"
                " CONSTRAINT ... UNIQUE USING INDEX"
            ),
        ),
        (
            "ALTER TABLE orders ADD COLUMN n int CONSTRAINT mine UNIQUE",
            "-- the column alone; then each constraint in a statement of its own, by its safe form",
        ),
        (
            "ALTER TABLE orders ADD COLUMN c bigint REFERENCES customers",
            "-- the column alone; the foreign key as NOT VALID; VALIDATE it in a later transaction",
        ),
        (
            'ALTER TABLE orders ADD COLUMN t text COLLATE "C" DEFAULT random()::text',
            "-- the column without the default; then SET DEFAULT; then op.backfill for the old rows",
        ),
        (
            "CREATE INDEX i ON orders (code) INCLUDE (status)",
            "CREATE INDEX CONCURRENTLY i ON orders (code) INCLUDE (status);",
        ),
        (
            "UPDATE orders SET status = lower(status), note = 'a, b'",
            'op.backfill("orders", {"status": "lower(status)", "note": "\'a, b\'"}, where="...")',
        ),
        (
            "UPDATE orders SET (status, note) = ('a', 'b')",
            'op.backfill("orders", {"status": "...", "note": "..."}, where="...")',
        ),
        ("DROP INDEX orders_status CASCADE", "DROP INDEX CONCURRENTLY orders_status;"),
        (
            "UPDATE orders SET status = 'x' RETURNING id",
            'op.backfill("orders", {"status": "..."}, where="...")',
        ),
        (
            "ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0) NO INHERIT",
            (
                "ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0) NO INHERIT NOT VALID;\n"
                "ALTER TABLE orders VALIDATE CONSTRAINT c;"
            ),
        ),
        (
            "ALTER TABLE ONLY orders ADD CONSTRAINT c CHECK (code > 0)",
            (
                "ALTER TABLE ONLY orders ADD CONSTRAINT c CHECK (code > 0) NOT VALID;\n"
                "ALTER TABLE ONLY orders VALIDATE CONSTRAINT c;"
            ),
        ),
        ("ALTER TABLE ONLY orders ALTER COLUMN status SET NOT NULL", None),
        (
            "ALTER TABLE orders ADD COLUMN IF NOT EXISTS n int UNIQUE",
            "-- the column alone; then each constraint in a statement of its own, by its safe form",
        ),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (customer_id, code) REFERENCES customers (id)",
            (
                "ALTER TABLE orders ADD CONSTRAINT orders_customer_id_code_fkey FOREIGN KEY"
                " (customer_id, code) REFERENCES customers (id) NOT VALID;\n"
                "ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_code_fkey;"
            ),
        ),
    ],
)
async def test_a_hint(sql, suggestion, tmp_path):
    result = await lint_texts(tmp_path, TABLES, f"{sql};")
    assert result.findings[0].suggestion == suggestion


async def test_the_phases_are_told_apart(tmp_path):
    result = await lint_texts(
        tmp_path, TABLES, "ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0);"
    )
    assert result.findings[0].suggestion == (
        "-- phase 1, in a transaction\n"
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0) NOT VALID;\n"
        "-- phase 2, in a transaction of its own\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT c;"
    )
