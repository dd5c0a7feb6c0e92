"""The patterns of PostgreSQL scripts, up and down, and as scripts for psql."""

from __future__ import annotations

import subprocess

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import NeedsDatabaseError, ScriptError
from fix_database import catalog_dump, postgres_program
from support.postgresql_patterns import PATTERNS, START, Pattern

OFFLINE = [pattern for pattern in PATTERNS if pattern.offline]
LIVE = [pattern for pattern in PATTERNS if not pattern.offline]


def by_name(pattern: Pattern) -> str:
    return pattern.name


@pytest.fixture
def migrator(project):
    project.revision(
        "start",
        header="import sqlalchemy as sa",
        upgrade=START,
        downgrade='op.drop_table("users")',
    )

    def make(pattern: Pattern, url: str | None = None) -> Migrator:
        project.revision(
            "change",
            down="start",
            header=pattern.module_code,
            signature=pattern.signature,
            upgrade=pattern.upgrade,
            downgrade=pattern.downgrade,
        )
        return Migrator(url, script_location=project.script_location)

    return make


def dump(url: str) -> str:
    return catalog_dump(url, version_table=False)


def psql(url: str, script: str) -> None:
    done = subprocess.run(
        [str(postgres_program("psql")), url, "--set", "ON_ERROR_STOP=1", "--quiet", "--no-psqlrc"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.cells(4)
@pytest.mark.filterwarnings("ignore:The from_engine:sqlalchemy.exc.SADeprecationWarning")
@pytest.mark.parametrize("pattern", PATTERNS, ids=by_name)
async def test_up_down_and_up_again(migrator, pattern, database_url, pg):
    ours = migrator(pattern, database_url)
    await ours.upgrade("start")
    before = dump(database_url)
    await ours.upgrade()
    up = dump(database_url)
    if pattern.probe:
        assert await pg.fetchval(pattern.probe) == pattern.expected
    if pattern.phases:
        rows = await pg.fetch(
            "SELECT kind FROM asyncmig_journal WHERE revision = 'change' ORDER BY phase, id"
        )
        assert tuple(row["kind"] for row in rows) == pattern.phases
    assert (await ours.status()).state == "current"
    await ours.downgrade("-1")
    down = dump(database_url)
    if pattern.name != "d14_four_phases":  # a column that comes back stands at the end
        assert down == before
    await ours.upgrade()
    if pattern.name != "d14_four_phases":
        assert dump(database_url) == up
    await ours.downgrade("base")


@pytest.mark.cells(3)
@pytest.mark.parametrize("pattern", OFFLINE, ids=by_name)
async def test_psql_gives_what_the_run_gives(migrator, pattern, make_database):
    offline, online = make_database(), make_database()
    ours = migrator(pattern, online)
    psql(offline, await ours.sql("heads"))
    await ours.upgrade()
    rows = not pattern.name.startswith("d4_types")
    assert catalog_dump(offline, data=rows) == catalog_dump(online, data=rows)
    if pattern.probe:
        connection = await asyncpg.connect(offline)
        assert await connection.fetchval(pattern.probe) == pattern.expected
        await connection.close()
    psql(offline, await ours.sql("heads:base", direction="downgrade"))
    await ours.downgrade("base")
    assert catalog_dump(offline) == catalog_dump(online)


@pytest.mark.parametrize("pattern", LIVE, ids=by_name)
async def test_a_script_that_reads_names_its_line(migrator, pattern, project):
    ours = migrator(pattern)
    with pytest.raises(NeedsDatabaseError, match=r"change\.py:\d+"):
        await ours.sql("heads")
    plan = await ours.plan("heads", current=["start"])
    assert plan.steps[0].live


@pytest.mark.pg(">=15")
async def test_nulls_not_distinct(migrator, database_url, pg):
    pattern = Pattern(
        name="d5_nulls_not_distinct",
        upgrade='op.create_index("users_one", "users", ["email"], unique=True,'
        " postgresql_nulls_not_distinct=True)",
        downgrade='op.drop_index("users_one", table_name="users")',
    )
    await migrator(pattern, database_url).upgrade()
    definition = await pg.fetchval("SELECT pg_get_indexdef('users_one'::regclass)")
    assert definition.endswith("NULLS NOT DISTINCT")
    await migrator(pattern, database_url).downgrade("base")


async def test_checkfirst_looks_at_the_database(migrator, database_url):
    pattern = Pattern(
        name="d3_checkfirst_again",
        old_style=True,
        upgrade="""
            for _ in range(2):
                sa.Enum("free", "paid", name="kind").create(op.get_bind(), checkfirst=True)
        """,
        downgrade="""
            for _ in range(2):
                sa.Enum(name="kind").drop(op.get_bind(), checkfirst=True)
        """,
    )
    await migrator(pattern, database_url).upgrade()
    assert "CREATE TYPE public.kind" in dump(database_url)
    await migrator(pattern, database_url).downgrade("base")
    assert "CREATE TYPE" not in dump(database_url)


@pytest.mark.parametrize(
    "upgrade",
    [
        "c = op.connection()\nc.send(None)",
        "coroutine = op.fetch('SELECT pg_sleep(0.2)')\ncoroutine.send(None)",
    ],
)
async def test_a_coroutine_driven_by_hand_is_told_so(project, database_url, pg, upgrade):
    project.revision(
        "a", header="c = None", upgrade=f"global c\nop.execute('CREATE TABLE t ()')\n{upgrade}"
    )
    with pytest.raises(ScriptError, match="has not awaited it"):
        await Migrator(database_url, script_location=project.script_location).upgrade()
    assert await pg.fetchval("SELECT to_regclass('t')") is None
