"""asyncmig.execution.invalid_index_check: which statements are followed by a check."""

from __future__ import annotations

import pytest

from asyncmig.execution.invalid_index_check import invalid_index_check


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("CREATE INDEX IF NOT EXISTS by_name ON t (name)", "by_name"),
        ('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "By" ON app.t (name)', 'app."By"'),
        ("create index if not exists by_name on t (name)", "by_name"),
    ],
)
def test_an_index_that_may_be_skipped_is_looked_up(sql: str, name: str) -> None:
    check = invalid_index_check(sql)
    assert check is not None
    assert check.startswith("DO 'DECLARE")
    assert f"c.oid = pg_catalog.to_regclass(''{name}'')" in check


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX by_name ON t (name)",
        "CREATE INDEX by_name ON t (name) WHERE note = 'exists'",
        "CREATE TABLE IF NOT EXISTS t (a int)",
        "DROP INDEX IF EXISTS by_name",
        "SELECT 1",
    ],
)
def test_nothing_else_is(sql: str) -> None:
    assert invalid_index_check(sql) is None
