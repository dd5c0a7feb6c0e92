"""Online changes in plans: previews, several revisions, resumes, and where they cannot be divided."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, DirectiveError, ScriptError

HEADER = "import sqlalchemy as sa"
ALTER = 'op.alter_column_online("bill", "total", type_=sa.BigInteger)'
TABLE = "CREATE TABLE bill (id int PRIMARY KEY, total int NOT NULL)"
TYPE = (
    "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = 'bill'::regclass AND attname = 'total'"
)


@pytest.fixture
def migrator(project, database_url):
    return Migrator(database_url, script_location=project.script_location)


async def phases_of(pg, revision: str) -> list[tuple[int, str]]:
    rows = await pg.fetch(
        "SELECT phase, kind FROM asyncmig_journal WHERE revision = $1 ORDER BY id", revision
    )
    return [tuple(row) for row in rows]


async def test_a_preview_shows_what_a_run_does(project, migrator, pg):
    await pg.execute(TABLE + "; CREATE INDEX bill_total ON bill (total)")
    project.revision("a1", upgrade=ALTER, header=HEADER)

    (step,) = await migrator.plan()
    kinds = [str(phase.kind) for phase in step.phases]

    assert kinds == [
        "transaction",
        "backfill",
        "autocommit",
        "transaction",
        "transaction",
        "transaction",
    ]
    statements = list(step.statements)
    assert (
        "CREATE INDEX CONCURRENTLY bill_total_online ON public.bill USING btree (total_online)"
        in [statement.sql for statement in statements]
    )
    assert {statement.replaces for statement in statements} == {
        "ALTER TABLE bill ALTER COLUMN total TYPE BIGINT"
    }
    assert {statement.directive for statement in statements} == {"alter_column_online"}
    await migrator.upgrade()
    assert await phases_of(pg, "a1") == list(enumerate(kinds))
    fingerprints = await pg.fetch("SELECT fingerprint FROM asyncmig_journal ORDER BY id")
    assert [row[0] for row in fingerprints] == [phase.fingerprint for phase in step.phases]


async def test_a_table_of_the_same_plan_gets_the_plain_form(project, migrator, pg):
    project.revision("a1", upgrade=f'op.execute("{TABLE}")')
    project.revision(
        "b1",
        down="a1",
        header=HEADER,
        upgrade=f"""
        {ALTER}
        op.rename_column_online("bill", "total", "amount")
        op.finish_column_online("bill", "amount")
        """,
    )
    await migrator.upgrade()
    assert await phases_of(pg, "b1") == [(0, "transaction")]
    assert await pg.fetchval(TYPE.replace("'total'", "'amount'")) == "bigint"


async def test_a_revision_sees_what_the_one_before_it_has_changed(project, migrator, pg):
    await pg.execute(TABLE)
    project.revision(
        "a1", upgrade='op.execute("ALTER TABLE bill ADD CONSTRAINT few CHECK (total > 0)")'
    )
    project.revision("b1", down="a1", upgrade=ALTER, header=HEADER)
    project.revision(
        "c1", down="b1", upgrade=ALTER.replace("BigInteger", "Numeric(20, 2)"), header=HEADER
    )
    steps = await migrator.plan()
    assert [step.live for step in steps] == [False, True, True]
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "numeric(20,2)"
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'few'"
    assert await pg.fetchval(definition) == "CHECK ((total > (0)::numeric))"


async def test_an_earlier_change_of_the_same_revision_is_refused(project, migrator, pg):
    await pg.execute(TABLE)
    project.revision(
        "a1",
        header=HEADER,
        upgrade=f"""
        op.create_index("bill_total", "bill", ["total"])
        {ALTER}
        """,
    )
    with pytest.raises(DirectiveError, match=r"an earlier statement of this revision changes bill"):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT to_regclass('bill_total')") is None


async def test_other_statements_of_the_revision(project, migrator, pg):
    await pg.execute(TABLE)
    project.revision(
        "a1",
        header=HEADER,
        upgrade=f"""
        op.execute("CREATE TABLE other (id int)")
        op.execute("UPDATE bill SET total = 7")
        {ALTER}
        op.create_index("bill_total", "bill", ["total"])
        """,
    )
    await migrator.upgrade()
    assert await pg.fetchval("SELECT pg_get_indexdef('bill_total'::regclass)") == (
        "CREATE INDEX bill_total ON public.bill USING btree (total)"
    )


@pytest.mark.parametrize("signature", ["def {name}(op) -> None:", "async def {name}(op) -> None:"])
async def test_a_script_that_reads_later(project, migrator, pg, signature):
    await pg.execute(TABLE + "; INSERT INTO bill SELECT i, i FROM generate_series(1, 50) i")
    read = (
        'await op.fetch("SELECT 1")'
        if "async" in signature
        else 'op.get_bind().exec_driver_sql("SELECT 1")'
    )
    project.revision("a1", header=HEADER, signature=signature, upgrade=f"{ALTER}\n{read}")
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "bigint"


async def test_a_script_that_reads_before_it_is_refused(project, migrator, pg):
    await pg.execute(TABLE)
    project.revision(
        "a1", header=HEADER, upgrade=f'op.get_bind().exec_driver_sql("SELECT 1")\n{ALTER}'
    )
    with pytest.raises(AsyncmigError, match="was not looked up before the run"):
        await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "integer"


async def test_a_script_for_psql_is_refused(project, migrator):
    project.revision("a1", upgrade=ALTER, header=HEADER)
    with pytest.raises(ScriptError, match="its phases depend on the catalog"):
        await migrator.sql()


async def test_a_plan_without_a_database_shows_a_plain_column(project):
    project.revision("a1", upgrade=ALTER, header=HEADER)
    migrator = Migrator("postgresql://nowhere.invalid/x", script_location=project.script_location)
    (step,) = await migrator.plan(current=())
    sql = [statement.sql for statement in step.statements]
    assert sql[0] == "ALTER TABLE bill ADD COLUMN total_online BIGINT"
    assert sql[-1] == "ALTER TABLE bill RENAME COLUMN total_online TO total"


async def test_lint_accepts_the_phases(project, database_url, pg):
    await pg.execute(TABLE + "; CREATE INDEX bill_total ON bill (total)")
    project.revision("a1", upgrade=ALTER, header=HEADER)
    project.revision("b1", down="a1", upgrade='op.rename_column_online("bill", "total", "amount")')
    migrator = Migrator(database_url, script_location=project.script_location)
    assert (await migrator.lint("a1")).findings == ()
    assert (await migrator.lint(offline=True)).findings == ()
    await migrator.upgrade("a1")
    assert (await migrator.lint()).findings == ()
    await migrator.upgrade()
    project.revision("c1", down="b1", upgrade='op.finish_column_online("bill", "amount")')
    assert [each.rule for each in (await migrator.lint()).findings] == ["drop-column"]


async def test_the_locks_of_the_phases(project, migrator, pg):
    await pg.execute(TABLE + "; CREATE INDEX bill_total ON bill (total)")
    project.revision("a1", upgrade=ALTER, header=HEADER)
    impact = await migrator.impact(await migrator.plan())
    assert not any("bill" in statement.rewrites for statement in impact.statements)
    scans = [each.sql for each in impact.statements if "bill" in each.scans]
    assert [sql.split(" ")[0] for sql in scans] == ["UPDATE", "CREATE", "ALTER"], scans


@pytest.mark.parametrize(
    ("upgrade", "settings", "reason"),
    [
        (ALTER, {"transaction": "all"}, "commits nothing in between"),
        (f"try:\n    {ALTER}\nexcept ValueError:\n    pass", {}, "handles its error"),
    ],
)
async def test_what_cannot_be_divided_is_refused(
    project, database_url, pg, upgrade, settings, reason
):
    await pg.execute(TABLE)
    project.revision("a1", upgrade=upgrade, header=HEADER)
    migrator = Migrator(database_url, script_location=project.script_location, **settings)
    with pytest.raises(AsyncmigError, match=reason):
        await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "integer"


async def test_the_callers_transaction_is_refused(project, database_url, pg):
    await pg.execute(TABLE)
    project.revision("a1", upgrade=ALTER, header=HEADER)
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection, connection.begin():
        migrator = Migrator(connection, script_location=project.script_location)
        with pytest.raises(DirectiveError, match="the caller's transaction cannot be divided"):
            await migrator.upgrade()
    await engine.dispose()


async def test_resolve_and_begin_anew(project, migrator, pg):
    """What the first attempt has left is dropped by the second."""
    await pg.execute(TABLE + "; INSERT INTO bill SELECT i, i FROM generate_series(1, 50) i")
    await pg.execute("ALTER TABLE bill ADD CONSTRAINT low CHECK (total < 40) NOT VALID")
    project.revision("a1", upgrade=ALTER, header=HEADER)
    with pytest.raises(AsyncmigError, match="low"):
        await migrator.upgrade()
    await migrator.resolve("a1", "forget")
    await pg.execute("ALTER TABLE bill DROP CONSTRAINT low")
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "bigint"
    assert await pg.fetchval("SELECT sum(total) FROM bill") == 1275
    assert await pg.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0


async def test_with_safe_rewrites_and_after_two_failures(project, database_url, pg):
    """A row of a failed phase has no facts, and the next run finds those of the phases before."""
    await pg.execute(TABLE + "; INSERT INTO bill VALUES (1, -1)")
    project.revision(
        "a1", upgrade='op.create_check_constraint("ck_bill_total", "bill", "total > 0")'
    )
    project.revision("b1", down="a1", upgrade=ALTER, header=HEADER)
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    for _ in range(2):
        with pytest.raises(AsyncmigError, match="ck_bill_total"):
            await migrator.upgrade()
    await pg.execute("UPDATE bill SET total = 1")
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "bigint"


async def test_in_an_alembic_project(project, database_url, pg):
    await pg.execute(TABLE)
    project.revision(
        "a1",
        header=f"{HEADER}\nfrom alembic import op",
        signature="def {name}() -> None:",
        upgrade=ALTER,
        downgrade=ALTER.replace("BigInteger", "Integer"),
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "bigint"
    await migrator.downgrade("base")
    assert await pg.fetchval(TYPE) == "integer"


async def test_in_sql_revisions(project, migrator, pg):
    await pg.execute(TABLE + "; INSERT INTO bill SELECT i, i FROM generate_series(1, 50) i")
    project.sql_revision(
        "a1",
        upgrade="""
-- online:
ALTER TABLE public.bill ALTER COLUMN total SET DATA TYPE numeric(12, 2) USING total / 100.0;
CREATE INDEX bill_total ON bill (total);
""",
        downgrade="""
-- online: fire_triggers=true
ALTER TABLE bill ALTER total TYPE int USING total * 100;
""",
    )
    project.sql_revision(
        "b1",
        down="a1",
        upgrade="-- online:\nALTER TABLE bill RENAME total TO amount;",
        downgrade="-- online:\nALTER TABLE bill RENAME COLUMN amount TO total;",
    )
    project.sql_revision(
        "c1", down="b1", upgrade="-- online: keep=amount\nALTER TABLE bill DROP COLUMN total;"
    )
    await migrator.upgrade("b1")
    assert await pg.fetchval("SELECT sum(total) FROM bill WHERE total = amount") == 1275 / 100
    await migrator.downgrade("base")
    assert await pg.fetchval(TYPE) == "integer"
    assert await pg.fetchval("SELECT sum(total) FROM bill") == 1275
    await pg.execute("DROP INDEX IF EXISTS bill_total")
    await migrator.upgrade()
    assert await pg.fetchval(TYPE.replace("'total'", "'amount'")) == "numeric(12,2)"
    assert [row[1] for row in await phases_of(pg, "c1")] == ["transaction"]
