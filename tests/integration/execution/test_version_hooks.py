"""``on_version_apply``: called behind the change of the version table, in its transaction."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap

import asyncpg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import text

from asyncmig import Migrator
from asyncmig.errors import ConfigError, ScriptError, StatementFailedError
from fix_database import postgres_program

LOG = "CREATE TABLE log (n serial, note text)"


@pytest.fixture
def history(project):
    """a - b - (c, d) - e, and x beside them, on which d depends."""
    project.revision("a", upgrade=f'op.execute("{LOG}")', downgrade="pass", message="The log")
    project.revision("b", down="a", upgrade='op.execute("CREATE TABLE b ()")', downgrade="")
    project.revision("x", labels="side")
    project.revision("c", down="b")
    project.revision("d", down="b", depends_on="x")
    project.revision("e", down=("c", "d"))
    for path in project.versions.glob("*.py"):
        path.write_text(path.read_text().replace("(op) -> None:\n\n", "(op) -> None:\n    pass\n"))


@pytest.fixture
def migrator(project, database_url):
    def make(*hooks, **overrides):
        return Migrator(
            database_url,
            script_location=project.script_location,
            on_version_apply=list(hooks),
            **overrides,
        )

    return make


async def notes(pg):
    return [row["note"] for row in await pg.fetch("SELECT note FROM log ORDER BY n")]


def by_connection(ctx, step, heads, run_args):
    ctx.connection.execute(
        text("INSERT INTO log (note) VALUES (:note)"), {"note": f"read {step.up_revision_id}"}
    )


def by_directive(ctx, step, heads, run_args):
    ctx.execute(f"INSERT INTO log (note) VALUES ('said {step.up_revision_id}')")


async def in_a_coroutine(ctx, step, heads, run_args):
    rows = await ctx.operations.fetch("SELECT version_num FROM alembic_version ORDER BY 1")
    assert {row["version_num"] for row in rows} == heads
    connection = await ctx.operations.connection()
    await connection.execute("INSERT INTO log (note) VALUES ($1)", f"await {step.up_revision_id}")


async def test_all_ways_to_write(migrator, history, pg):
    await migrator(by_connection, by_directive, in_a_coroutine).upgrade("b")
    assert await notes(pg) == ["read a", "said a", "await a", "read b", "said b", "await b"]


async def test_it_sees_the_new_rows_inside_the_transaction(migrator, history, pg, database_url):
    seen = []

    async def look(ctx, step, heads, run_args):
        own = await ctx.operations.fetch("SELECT version_num FROM alembic_version")
        outside = await pg.fetchval("SELECT count(*) FROM log WHERE note = 'committed'")
        seen.append((heads, {row[0] for row in own}, outside, ctx.get_current_heads))
        ctx.execute("INSERT INTO log (note) VALUES ('committed')")

    await migrator().upgrade("a")
    await migrator(look).upgrade("e")
    assert [heads for heads, *_ in seen][-1] == {"e"}
    assert all(heads == rows for heads, rows, *_ in seen)
    assert [outside for _, _, outside, _ in seen] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("transaction", ["revision", "all"])
async def test_a_failing_hook_undoes_its_step(migrator, history, pg, transaction):
    def refuse_b(ctx, step, heads, run_args):
        ctx.execute("INSERT INTO log (note) VALUES ('kept')")
        if step.up_revision_id == "b":
            raise ValueError("not b")

    with pytest.raises(ScriptError, match=r"test_version_hooks\.py:\d+ after revision b.*not b"):
        await migrator(refuse_b, transaction=transaction).upgrade("b")
    left = await pg.fetch(
        "SELECT relname FROM pg_class WHERE relname IN ('log', 'b') ORDER BY relname"
    )
    if transaction == "all":
        assert left == []
    else:
        assert [row[0] for row in left] == ["log"]
        assert await notes(pg) == ["kept"]
        assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a"
        # taken away or put right, the next run goes on
        await migrator().upgrade("b")
        assert await pg.fetchval("SELECT to_regclass('b') IS NOT NULL")


@pytest.mark.parametrize("way", ["execute", "connection"])
async def test_a_refused_statement_names_the_hooks_line(migrator, history, pg, way):
    def wrong(ctx, step, heads, run_args):
        if way == "execute":
            ctx.execute("INSERT INTO nowhere VALUES (1)")
        else:
            ctx.connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(StatementFailedError) as caught:
        await migrator(wrong).upgrade("a")
    assert "test_version_hooks.py:" in str(caught.value.fields()["origin"])
    assert caught.value.fields()["sqlstate"] == "42P01"
    assert await pg.fetchval("SELECT to_regclass('log')") is None


@pytest.mark.parametrize(
    ("sql", "what"),
    [("COMMIT", "commits"), ("VACUUM", "runs 'VACUUM'"), ("ROLLBACK", "rolls? back")],
)
@pytest.mark.parametrize("way", ["execute", "connection"])
async def test_it_cannot_leave_the_transaction(migrator, history, pg, sql, what, way):
    def leave(ctx, step, heads, run_args):
        ctx.execute("SELECT 1")
        ctx.execute(sql) if way == "execute" else ctx.connection.execute(text(sql))

    with pytest.raises(ScriptError, match=what):
        await migrator(leave).upgrade("a")
    assert await pg.fetchval("SELECT to_regclass('log')") is None


async def test_commit_of_the_connection_does_not_commit(migrator, history, pg):
    def commit(ctx, step, heads, run_args):
        ctx.connection.execute(text("INSERT INTO log (note) VALUES ('x')"))
        ctx.connection.commit()
        raise ValueError("after all")

    with pytest.raises(ScriptError):
        await migrator(commit).upgrade("a")
    assert await pg.fetchval("SELECT to_regclass('log')") is None


async def test_behind_an_autocommit_phase_its_failure_is_gone_on_from(migrator, project, pg):
    project.revision("a", upgrade=f'op.execute("{LOG}")')
    project.revision(
        "b", down="a", upgrade='op.execute("CREATE INDEX CONCURRENTLY i ON log (note)")'
    )

    def fail(ctx, step, heads, run_args):
        if step.up_revision_id == "b":
            raise ValueError("no")

    with pytest.raises(ScriptError):
        await migrator(fail).upgrade()
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a"
    before = await pg.fetchval("SELECT 'i'::regclass::oid")
    await migrator(by_directive).upgrade()
    assert await pg.fetchval("SELECT 'i'::regclass::oid") == before
    assert await notes(pg) == ["said b"]
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "b"


async def test_on_a_lock_the_step_and_its_hook_are_tried_again(migrator, history, pg, database_url):
    await migrator().upgrade("a")
    other = await asyncpg.connect(database_url)
    await other.execute("BEGIN; LOCK TABLE log")
    calls = []

    async def write(ctx, step, heads, run_args):
        calls.append(step.up_revision_id)
        if len(calls) == 2:
            await other.execute("ROLLBACK")
        connection = await ctx.operations.connection()
        await connection.execute("INSERT INTO log (note) VALUES ('x')")

    try:
        await migrator(write, lock_timeout=0.1).upgrade("b")
    finally:
        await other.close()
    assert calls == ["b", "b"]
    assert await notes(pg) == ["x"]


async def test_in_a_transaction_of_the_caller(history, project, pg, database_url):
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.begin()
        migrator = Migrator(
            connection, script_location=project.script_location, on_version_apply=by_connection
        )
        await migrator.upgrade("b")
        assert await pg.fetchval("SELECT to_regclass('log')") is None
        await connection.commit()
    await engine.dispose()
    assert await notes(pg) == ["read a", "read b"]


async def test_offline_it_writes_behind_the_row(migrator, history, pg, database_url):
    calls = []

    def hook(ctx, step, heads, run_args):
        calls.append((ctx.as_sql, step.up_revision_id, sorted(heads)))
        by_directive(ctx, step, heads, run_args)
        by_connection(ctx, step, heads, run_args)

    script = await migrator(hook).sql("e")
    assert calls[-1] == (True, "e", ["e"])
    assert all(offline for offline, *_ in calls)
    psql = [postgres_program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", database_url]
    subprocess.run(psql, input=script, text=True, check=True)
    offline = await notes(pg)
    await migrator(hook).downgrade("base")
    await pg.execute("DROP TABLE log, b")
    await migrator(hook).upgrade()
    # the last revision of the downgrade has written to the log before it was dropped
    assert await notes(pg) == offline
    assert offline[:2] == ["said a", "read a"]


async def test_a_preview_calls_nothing(migrator, history):
    calls = []
    plan = await migrator(lambda **facts: calls.append(facts)).plan("e", current=())
    assert plan.steps
    assert not calls


async def test_stamps(migrator, history, pg):
    await migrator().upgrade("a")
    calls = []

    def hook(ctx, step, heads, run_args):
        calls.append((step.is_stamp, step.is_upgrade, step.destination_revision_ids, sorted(heads)))
        by_connection(ctx, step, heads, run_args)

    await migrator(hook).stamp("e")
    await migrator(hook).stamp("base")
    assert calls == [(True, True, ("e",), ["e"]), (True, False, (), [])]
    assert await notes(pg) == ["read e", "read e"]
    await migrator(hook).stamp("c", "x", purge=True)
    assert calls[2:] == [(True, True, ("c",), ["c"]), (True, True, ("x",), ["c", "x"])]
    calls.clear()
    script = await migrator(by_directive).stamp_sql("b:e")
    assert "said e" in script
    assert script.index("UPDATE") < script.index("said e")


# the same facts as Alembic's

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool, text
config = context.config

def note(ctx, step, heads, run_args):
    facts = (
        step.is_upgrade, step.is_stamp, step.is_migration, step.up_revision_id,
        sorted(step.up_revision_ids), sorted(step.down_revision_ids),
        sorted(step.source_revision_ids), sorted(step.destination_revision_ids),
        getattr(step.up_revision, "doc", None),
        sorted(script.revision for script in step.down_revisions if script),
        sorted(heads), run_args,
    )
    with open(config.get_main_option("notes"), "a") as file:
        file.write(repr(facts) + "\\n")
    if not step.is_stamp:
        ctx.connection.execute(text("CREATE TABLE IF NOT EXISTS applied (id text)"))

if context.is_offline_mode():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"), on_version_apply=note, literal_binds=True
    )
    context.run_migrations(greeting="hello")
else:
    engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, on_version_apply=(note,))
        with context.begin_transaction():
            context.run_migrations(greeting="hello")
"""


@pytest.fixture
def alembic_project(project, make_database, tmp_path):
    for path in project.versions.glob("*.py"):
        path.write_text(
            path.read_text()
            .replace("(op) -> None", "(**kw)")
            .replace("branch_labels", "from alembic import op\nbranch_labels", 1)
        )
    (project.script_location / "env.py").write_text(ENV)

    def write(name):
        url = make_database().replace("postgresql://", "postgresql+psycopg2://")
        notes = tmp_path / f"{name}.txt"
        notes.touch()
        ini = project.path / f"{name}.ini"
        ini.write_text(
            textwrap.dedent(f"""
            [alembic]
            script_location = {project.script_location}
            path_separator = os
            sqlalchemy.url = {url.replace("%", "%%")}
            notes = {notes}
            """)
        )
        return ini, notes

    return write


COMMANDS = [
    ("upgrade", "b"),
    ("upgrade", "heads"),
    ("downgrade", "b"),
    ("upgrade", "c"),
    ("upgrade", "heads"),
    ("stamp", "b"),
    ("stamp", "c"),
    ("stamp", "base"),
    ("stamp", "e"),
    ("downgrade", "base"),
]


async def test_it_is_told_what_alembic_tells(history, alembic_project):
    theirs, their_notes = alembic_project("theirs")
    ours, our_notes = alembic_project("ours")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    for name, target in COMMANDS:
        getattr(command, name)(AlembicConfig(str(theirs)), target)
        await getattr(Migrator.from_config(ours), name)(target)
        assert our_notes.read_text() == their_notes.read_text(), (name, target)
    assert len(our_notes.read_text().splitlines()) > 15


# where it comes from


async def test_hooks_module(project, history, database_url, pg, monkeypatch):
    module = project.path / "hooks_of_versions.py"
    module.write_text(
        "def on_version_apply(*, ctx, step, heads, run_args):\n"
        "    ctx.execute(f\"INSERT INTO log (note) VALUES ('{step.up_revision_id}')\")\n"
    )
    settings = {"hooks": "hooks_of_versions", "prepend_sys_path": (project.path,)}
    migrator = Migrator(database_url, script_location=project.script_location, **settings)
    try:
        await migrator.upgrade("b")
    finally:
        sys.modules.pop("hooks_of_versions", None)
        sys.path.remove(str(project.path))
    assert await notes(pg) == ["a", "b"]


async def test_by_name_and_wrong(project, history, database_url, pg):
    def migrator(hook):
        return Migrator(
            database_url, script_location=project.script_location, on_version_apply=hook
        )

    await migrator(f"{__name__}:by_directive").upgrade("a")
    assert await notes(pg) == ["said a"]
    # where nothing is to run, nothing of the project is imported
    await migrator("no_such_module:hook").upgrade("a")
    with pytest.raises(ConfigError, match="no_such_module"):
        await migrator("no_such_module:hook").upgrade("b")
    with pytest.raises(ConfigError, match="cannot be called"):
        await migrator(3).stamp("b")
    with pytest.raises(ConfigError, match="cannot be called"):
        await migrator(3).upgrade("b")
    with pytest.raises(ConfigError, match="has no 'nothing'"):
        await migrator(f"{__name__}:nothing").upgrade("b")
