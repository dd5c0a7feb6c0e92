"""What a database changes: what is pending, sizes, validity, and messages when it is behind or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asyncmig import Migrator
from asyncmig.config.lint_settings import LintSettings
from asyncmig.errors import ConnectionFailedError
from support.linted import write_texts

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg

    from asyncmig.results import LintResult

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, a text, b varchar(10) NOT NULL DEFAULT '');"
ROWS = "INSERT INTO t (id, a) SELECT n, 'a' FROM generate_series(1, {}) AS n"


@pytest.fixture
def make(tmp_path: Path, database_url: str):
    """A migrator whose database is at ``r0``."""

    async def make(*texts: str, before: str = TABLE, **lint: object) -> Migrator:
        location = write_texts(tmp_path, before, *texts)
        settings = LintSettings(**lint)  # type: ignore[arg-type]  # fields by name
        migrator = Migrator(database_url, script_location=location, lint=settings)
        await migrator.upgrade("r0")
        return migrator

    return make


def brief(result: LintResult) -> list[tuple[str | None, str, str]]:
    return [(each.revision, each.rule, each.severity) for each in result.findings]


async def test_a_big_table(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);")
    await pg.execute(ROWS.format(5000))
    await pg.execute("ANALYZE t")
    result = await migrator.lint()
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("create-index-blocking", "error")
    assert finding.rows == 5000
    assert finding.bytes
    assert finding.bytes > 100_000
    assert finding.facts == "database"
    assert "t has 5000 rows" in finding.message
    assert result.scope == "pending revisions"
    assert result.database


async def test_a_small_table_gives_a_note(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);")
    await pg.execute(ROWS.format(12))
    await pg.execute("ANALYZE t")
    result = await migrator.lint()
    assert brief(result) == [("r1", "create-index-blocking", "note")]
    assert "t has 12 rows" in result.findings[0].message
    assert "a small table" in result.findings[0].message
    assert result.ok


async def test_what_is_small_is_a_setting(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);", small_table_rows=5)
    await pg.execute(ROWS.format(12))
    await pg.execute("ANALYZE t")
    assert brief(await migrator.lint()) == [("r1", "create-index-blocking", "error")]


async def test_a_severity_that_is_set_counts_for_small_tables(make):
    migrator = await make("CREATE INDEX i ON t (a);", severity={"create-index-blocking": "warning"})
    assert brief(await migrator.lint()) == [("r1", "create-index-blocking", "warning")]


@pytest.mark.pg(">=15")
async def test_rows_are_estimated_without_analyze(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);")
    await pg.execute("ALTER TABLE t SET (autovacuum_enabled = false)")
    await pg.execute(ROWS.format(20_000))
    await pg.execute("SELECT pg_stat_force_next_flush()")
    (finding,) = (await migrator.lint()).findings
    assert finding.rows == 20_000


async def test_the_catalog_knows_types_and_proofs(make):
    migrator = await make(
        "ALTER TABLE t ALTER COLUMN b TYPE varchar(20);",
        "ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
        before=TABLE + "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL);",
    )
    assert brief(await migrator.lint()) == []


async def test_volatility_of_a_function_of_the_user(make, pg: asyncpg.Connection):
    migrator = await make("ALTER TABLE t ADD COLUMN n integer DEFAULT next_number();")
    await pg.execute(ROWS.format(2000))
    await pg.execute("ANALYZE t")
    await pg.execute("CREATE FUNCTION next_number() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    assert brief(await migrator.lint()) == [("r1", "add-column-volatile-default", "error")]
    await pg.execute("ALTER FUNCTION next_number() STABLE")
    assert brief(await migrator.lint()) == []


async def test_a_view_that_uses_a_column(make, pg: asyncpg.Connection):
    migrator = await make("ALTER TABLE t DROP COLUMN a;", disable=("drop-column",))
    await pg.execute("CREATE VIEW seen AS SELECT a FROM t")
    (finding,) = (await migrator.lint()).findings
    assert (finding.rule, finding.message) == ("view-dependency", "fails: seen uses t.a")


async def test_tables_that_use_a_domain(make, pg: asyncpg.Connection):
    migrator = await make("ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0);")
    await pg.execute("CREATE DOMAIN d AS integer; CREATE TABLE u (v d)")
    (finding,) = (await migrator.lint()).findings
    assert finding.rule == "domain-constraint"
    assert "blocks writes to u while" in finding.message


async def test_an_invalid_index(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);")
    await pg.execute("CREATE INDEX i ON t (a)")
    await pg.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass")
    (finding,) = (await migrator.lint()).findings
    assert (finding.rule, finding.severity) == ("invalid-index", "error")
    assert finding.message == "t has the invalid index i, which IF NOT EXISTS accepts as existing"
    assert finding.suggestion == "DROP INDEX CONCURRENTLY i;"


async def test_an_unfinished_backfill(make):
    migrator = await make()
    versions = migrator.settings.script_location / "versions"
    (versions / "r1.py").write_text(
        'revision = "r1"\ndown_revision = "r0"\n\n\ndef upgrade(op):\n'
        """    op.backfill("t", {"a": "'x'"}, name="fill_a", deferred=True)\n"""
    )
    assert brief(await migrator.lint()) == []  # a backfill is no change of all rows at once
    await migrator.upgrade("r1")
    (versions / "r2.sql").write_text(
        "-- revision: r2\n-- down_revision: r1\n\n-- upgrade\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\n"
    )
    findings = (await migrator.lint()).findings
    found = next(finding for finding in findings if finding.rule == "unfinished-backfill")
    assert found.message == "t has a backfill that is not done: fill_a"
    assert found.suggestion == 'op.require_backfill("fill_a")'


async def test_a_partitioned_table_has_the_rows_of_its_partitions(make, pg: asyncpg.Connection):
    before = """
        CREATE TABLE e (id bigint) PARTITION BY RANGE (id);
        CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (100000);
    """
    migrator = await make("CREATE INDEX i ON e (id);", before=before)
    await pg.execute("INSERT INTO e SELECT generate_series(1, 3000)")
    await pg.execute("ANALYZE e1")
    (finding,) = (await migrator.lint()).findings
    assert finding.rows == 3000
    assert "ALTER INDEX i ATTACH PARTITION" in (finding.suggestion or "")


async def test_nothing_is_pending(make):
    result = await (await make()).lint()
    assert result.revisions == ()
    assert result.ok


async def test_a_table_that_pending_revisions_create_is_new(make):
    migrator = await make("CREATE TABLE u (id bigint);", "CREATE INDEX i ON u (id);")
    assert brief(await migrator.lint()) == []


async def test_sizes_for_another_scope(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);")
    await pg.execute(ROWS.format(5000))
    await pg.execute("ANALYZE t")
    (finding,) = (await migrator.lint(since="r0")).findings
    assert finding.rows == 5000


async def test_a_database_that_is_behind_is_said(make):
    migrator = await make("SELECT 1;", "CREATE INDEX i ON t (a);")
    result = await migrator.lint(since="r1")
    (note,) = result.notes
    assert note.startswith("the database is behind: r1, which the linted revisions follow, are not")


async def test_without_a_database_pending_revisions_are_not_known(tmp_path):
    location = write_texts(tmp_path, TABLE)
    migrator = Migrator(
        "postgresql://nobody@127.0.0.1:1/none", script_location=location, connect_timeout=2.0
    )
    with pytest.raises(ConnectionFailedError) as caught:
        await migrator.lint()
    assert "asyncmig lint --offline" in (caught.value.hint or "")


async def test_without_a_database_another_scope_says_that_sizes_are_not_known(tmp_path):
    location = write_texts(tmp_path, TABLE, "CREATE INDEX i ON t (a);")
    migrator = Migrator(
        "postgresql://nobody@127.0.0.1:1/none", script_location=location, connect_timeout=2.0
    )
    result = await migrator.lint(all=True)
    assert brief(result) == [("r1", "create-index-blocking", "error")]
    assert result.notes[0].startswith("no database was asked for sizes: ")


async def test_no_lock_on_a_table_of_the_user(make, pg: asyncpg.Connection):
    migrator = await make("CREATE INDEX i ON t (a);", "DROP TABLE t;")
    async with pg.transaction():
        await pg.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        result = await migrator.lint()  # would wait for ever if it read the table
    assert [each.rule for each in result.findings] == ["create-index-blocking", "drop-table"]
