"""Safe rewrites give the catalog and the rows of the plain form, whatever the version of the server."""

from __future__ import annotations

import json
import subprocess

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from fix_database import catalog_dump, postgres_program
from support.rewrite_cases import CASES, SETUP, write_case


def dumped(url: str) -> str:
    return catalog_dump(url, version_table=False, data=True)


async def run(url: str, project, target: str, *, safe: bool) -> None:
    migrator = Migrator(url, script_location=project.script_location, safe_rewrites=safe)
    current = await migrator.current()
    if target == "b1" or not current.heads:
        await migrator.upgrade(target)
    else:
        await migrator.downgrade(target)


@pytest.mark.cells(4)
@pytest.mark.parametrize("name", CASES)
async def test_the_catalog_is_that_of_the_plain_form(project, make_database, server, name):
    case = CASES[name]
    write_case(project, case)
    plain, safe = make_database(), make_database()
    for url in (plain, safe):
        await run(url, project, "a1", safe=True)
    before = dumped(plain)
    migrator = Migrator(safe, script_location=project.script_location, safe_rewrites=True)
    (step,) = (await migrator.plan("b1")).steps
    assert server.major < 18 or len(step.phases) == case.phases

    await run(plain, project, "b1", safe=False)
    await run(safe, project, "b1", safe=True)
    assert dumped(safe) == dumped(plain)

    await run(plain, project, "a1", safe=False)
    await run(safe, project, "a1", safe=True)
    assert dumped(safe) == dumped(plain)
    assert sorted(dumped(safe)) == sorted(before)


@pytest.fixture
def migrate(project, database_url):
    """Run to a target with ``safe_rewrites`` on."""

    async def to(target: str = "head", **settings: object):
        fields = {"script_location": project.script_location, "safe_rewrites": True} | settings
        return await Migrator(database_url, **fields).upgrade(target)

    return to


async def phases_of(pg, revision: str) -> list[tuple[int, str]]:
    rows = await pg.fetch(
        "SELECT phase, kind FROM asyncmig_journal WHERE revision = $1 ORDER BY phase", revision
    )
    return [tuple(row) for row in rows]


async def test_a_table_of_the_same_plan_needs_no_safe_form(project, migrate, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_index("t_a", "t", ["a"])')
    project.revision("c1", down="b1", upgrade='op.create_index("t_a_2", "t", ["a"])')
    await migrate("b1")
    assert await phases_of(pg, "b1") == [(0, "transaction")]
    await migrate("c1")
    assert await phases_of(pg, "c1") == [(0, "autocommit")]


async def test_a_resume_uses_the_answers_of_the_first_run(project, migrate, pg):
    """The first run has created the table, so its index is plain; for the second run the table is old."""
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.create_index("t_a", "t", ["a"])
            op.execute("VACUUM missing")
            op.create_check_constraint("t_positive", "t", "a > 0")
        """,
    )
    with pytest.raises(PartiallyAppliedError):
        await migrate()
    await pg.execute("CREATE TABLE missing ()")
    await migrate()
    assert await phases_of(pg, "b1") == [
        (0, "transaction"),
        (1, "autocommit"),
        (2, "transaction"),
    ]


async def test_a_preview_of_a_partial_revision_shows_what_its_next_run_does(
    project, migrate, database_url
):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.create_index("t_a", "t", ["a"])
            op.execute("VACUUM missing")
        """,
    )
    with pytest.raises(PartiallyAppliedError):
        await migrate()
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    (step,) = await migrator.plan()
    assert [statement.sql for statement in step.statements] == [
        "CREATE INDEX t_a ON t (a)",
        "VACUUM missing",
    ]
    assert step.rewrite_facts == {"new t": True}


async def test_a_revision_that_began_without_rewrites_ends_without(project, migrate, pg):
    await migrate_without(project, pg, migrate)
    await pg.execute("CREATE TABLE missing ()")
    await migrate()
    assert await phases_of(pg, "b1") == [(0, "transaction"), (1, "autocommit")]


async def migrate_without(project, pg, migrate) -> None:
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.create_check_constraint("t_positive", "t", "a > 0")
            op.execute("VACUUM missing")
        """,
    )
    await migrate("a1", safe_rewrites=False)
    with pytest.raises(PartiallyAppliedError):
        await migrate(safe_rewrites=False)


async def test_a_journal_of_an_older_version_gets_the_column(project, migrate, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_check_constraint("c", "t", "a > 0")')
    await migrate("a1", safe_rewrites=False)
    await pg.execute("ALTER TABLE asyncmig_journal DROP COLUMN rewrite_facts")
    await migrate("b1")
    rows = await pg.fetch("SELECT rewrite_facts FROM asyncmig_journal WHERE revision = 'b1'")
    assert [json.loads(row["rewrite_facts"]) for row in rows] == [
        {"new t": False},
        {"new t": False},
    ]


async def test_partitions_that_change_after_the_plan_are_noticed(project, database_url, pg):
    """The next run plans with the partitions that there are."""
    project.revision("a1", upgrade=SETUP)
    project.revision(
        "b1",
        down="a1",
        header="import sqlalchemy as sa",
        upgrade="""
            if not op.get_context().as_sql:
                op.get_bind().execute(sa.text("SELECT 1"))
            op.create_index("ix_sale", "sale", ["id"])
        """,
    )
    location = project.script_location
    await Migrator(database_url, script_location=location).upgrade("a1")
    changed = []

    def on_event(event: object) -> None:
        changed.append(event)

    migrator = Migrator(
        database_url, script_location=location, safe_rewrites=True, on_event=on_event
    )
    add = (
        "CREATE TABLE sale_2030 PARTITION OF sale FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')"
    )
    script = (project.versions / "b1.py").read_text()
    changing = script.replace("SELECT 1", add)
    (project.versions / "b1.py").write_text(changing)
    with pytest.raises(StatementFailedError, match="partitions of sale have changed"):
        await migrator.upgrade()
    await pg.execute(add)
    (project.versions / "b1.py").write_text(script)
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert await pg.fetchval("SELECT to_regclass('sale_2030_id_idx') IS NOT NULL")


@pytest.mark.parametrize(
    ("header", "upgrade", "reason"),
    [
        ("", 'op.create_check_constraint("c", "t", "a > 0", safe=False)', None),
        ("safe_rewrites = False", 'op.create_check_constraint("c", "t", "a > 0")', None),
        (
            "",
            'op.create_check_constraint(None, "t", "a > 0")',
            "the CHECK has no name by which it can be validated",
        ),
        (
            "",
            'op.refresh_materialized_view("m")',
            "a concurrent refresh needs a unique index on m, and data in it; none is known",
        ),
    ],
)
async def test_what_keeps_its_plain_form(project, migrate, database_url, header, upgrade, reason):
    project.revision(
        "a1",
        upgrade='op.execute("CREATE TABLE t (a int)");'
        ' op.execute("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a")',
    )
    project.revision("b1", down="a1", header=header, upgrade=upgrade)
    await migrate("a1")
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    (step,) = await migrator.plan()
    assert len(step.phases) == 1
    assert [statement.not_rewritten for statement in step.statements] == [reason]
    await migrate()


async def test_one_transaction_for_all_revisions_cannot_be_divided(project, migrate, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_check_constraint("c", "t", "a > 0")')
    await migrate("a1")
    await migrate(transaction="all")
    assert await phases_of(pg, "b1") == [(0, "transaction")]


async def test_a_directive_inside_try_keeps_its_plain_form(project, migrate, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            try:
                op.create_check_constraint("c", "t", "a > 0")
            except Exception:
                raise RuntimeError
        """,
    )
    await migrate("a1")
    await migrate()
    assert await phases_of(pg, "b1") == [(0, "transaction")]


async def test_a_script_for_psql_has_the_phases(project, database_url, migrate):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_check_constraint("c", "t", "a > 0")')
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    script = await migrator.sql("a1:b1")
    note = "-- safe form of: ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)"
    assert script.count(note) == 2
    add, validate = (
        script.index("ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"),
        script.index("VALIDATE CONSTRAINT c;"),
    )
    assert "COMMIT;" in script[add:validate]


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", [name for name in CASES if "volatile" in name])
async def test_a_script_for_psql_fills_a_column_in_batches(project, make_database, name):
    """Also of a table that has no key, of partitions, and where the script is run again."""
    write_case(project, CASES[name])
    plain, safe = make_database(), make_database()
    for url in (plain, safe):
        await run(url, project, "a1", safe=True)
    await run(plain, project, "b1", safe=False)
    migrator = Migrator(safe, script_location=project.script_location, safe_rewrites=True)
    run_psql(safe, await migrator.sql("a1:b1"))
    assert dumped(safe) == dumped(plain)
    await run(plain, project, "a1", safe=False)
    run_psql(safe, await migrator.sql("b1:a1", direction="downgrade"))
    assert dumped(safe) == dumped(plain)


async def test_a_script_for_psql_fills_partitions_page_by_page(project, database_url, pg):
    project.revision("a1", upgrade=SETUP)
    project.revision(
        "b1",
        down="a1",
        header="import sqlalchemy as sa",
        upgrade="""
            for table in ("sale", "Long table"):
                token = sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()"))
                op.add_column(table, token)
        """,
    )
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    await migrator.upgrade("a1")
    await pg.execute('CREATE TABLE "Long table" AS SELECT i FROM generate_series(1, 70000) AS i')
    run_psql(database_url, await migrator.sql("a1:b1"))
    for table, rows in (("sale", 700), ('"Long table"', 70000)):
        row = await pg.fetchrow(
            f"SELECT count(*), count(DISTINCT token), count(DISTINCT xmin::text) FROM {table}"
        )
        assert tuple(row)[:2] == (rows, rows)
        assert row[2] > 1, "one transaction has filled all rows"


def run_psql(url: str, script: str) -> None:
    done = subprocess.run(
        [str(postgres_program("psql")), url, "--set", "ON_ERROR_STOP=1", "-qX", "-f", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def test_the_callers_transaction_cannot_be_divided(project, migrate, database_url, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (a int)")')
    project.revision("b1", down="a1", upgrade='op.create_check_constraint("c", "t", "a > 0")')
    await migrate("a1")
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        migrator = Migrator(connection, script_location=project.script_location, safe_rewrites=True)
        (step,) = await migrator.plan()
        reasons = [statement.not_rewritten for statement in step.statements]
        assert reasons == ["the caller's transaction cannot be divided"]
        await migrator.upgrade()
    await engine.dispose()
    assert await phases_of(pg, "b1") == [(0, "transaction")]
