"""What ``lint.types`` calls free writes no file, and what it calls a rewrite does: on a server."""

import pytest

from support.observed_sql import observed_database
from unit.lint.test_types import FREE, REWRITE

VALUES = {
    "varchar(10)[]": "'{a}'",
    "bit(3)": "B'101'",
    "cidr": "'10.0.0.0/8'",
    "bit varying(4)": "B'1'",
    "json": "'1'",
}
USING = {("text", "text[]"): "ARRAY[c]", ("bit(3)", "bit(4)"): "c::bit(4)"}
"""For pairs of types whose values an assignment does not convert."""


@pytest.mark.cells(7)
@pytest.mark.parametrize(
    ("old", "new", "rewrites"),
    [*((*pair, False) for pair in FREE), *((*pair, True) for pair in REWRITE)],
)
async def test_a_change_of_type(old, new, rewrites, database_url):
    value = VALUES.get(old, "now()" if "timestamp" in old else "'1'")
    using = f" USING {USING[old, new]}" if (old, new) in USING else ""
    async with observed_database(database_url) as database:
        await database.connection.execute(
            f"CREATE TABLE t (c {old}); INSERT INTO t VALUES ({value})"
        )
        seen = await database.run(f"ALTER TABLE t ALTER COLUMN c TYPE {new}{using}")
    assert seen.error is None
    assert ("t" in seen.rewrites) is rewrites
