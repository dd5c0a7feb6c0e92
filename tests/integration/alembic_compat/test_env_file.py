"""Projects with an ``alembic.ini`` and an ``env.py``, which is executed for each command."""

import logging
import os
import textwrap

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.errors import ConfigError, EnvFileError, UrlError
from asyncmig.events import ConfigWarning
from support.forked_tools import run_tool

INI = """
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = .
path_separator = os
{more}
"""
OFFLINE = """
from alembic import context
config = context.config
def offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC = """
import asyncio
from logging.config import fileConfig
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config
from alembic import context

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)

def do_run(connection):
    context.configure(
        connection=connection, version_table="versions", my_own="x", transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations(greeting="hello")

async def run():
    section = config.get_section(config.config_ini_section, {})
    connectable = async_engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    async with connectable.connect() as connection:
        await connection.run_sync(do_run)
    await connectable.dispose()

if context.is_offline_mode():
    raise SystemExit("never offline")
else:
    asyncio.run(run())
"""
SCRIPT = {
    "header": "import sqlalchemy as sa\nfrom alembic import context, op",
    "signature": "def {name}(**kw):",
}


@pytest.fixture
def alembic(project, monkeypatch):
    """A project of Alembic's: ``alembic(env, ini)`` gives its settings; no URL but what it says itself."""
    for name in ("DATABASE_URL", "ASYNCMIG_URL", "ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def make(env, more="", **arguments):
        (project.path / "alembic.ini").write_text(INI.format(more=more))
        (project.script_location / "env.py").write_text(textwrap.dedent(env))
        monkeypatch.chdir(project.path)
        return load(project.path / "alembic.ini", **arguments)

    return make


def url_line(url):
    return f"sqlalchemy.url = {url.replace('%', '%%')}"


async def tables(pg):
    rows = await pg.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information)' ORDER BY 1"
    )
    return [row[0] for row in rows]


async def test_an_async_env_is_read_and_its_options_reach_the_scripts(
    alembic, project, database_url, pg
):
    project.revision(
        "a1",
        **SCRIPT,
        upgrade="""
            opts = op.get_context().opts
            assert opts["my_own"] == "x" and kw == {"greeting": "hello"}, (opts, kw)
            assert context.config.get_main_option("my_option") == "y"
            assert context.script.get_current_head() == "a1"
            assert op.get_context().version_table == "versions"
            assert op.get_context().config is context.config
            op.create_table("book", sa.Column("id", sa.Integer, primary_key=True))
        """,
    )
    before = logging.root.level, list(logging.root.handlers)

    settings = alembic(ASYNC, url_line(database_url) + "\nmy_option = y")
    result = await Migrator(settings=settings).upgrade()

    assert result.after == ("a1",)
    assert await tables(pg) == ["asyncmig_journal", "book", "versions"]
    assert (logging.root.level, list(logging.root.handlers)) == before


async def test_from_config_in_the_folder_is_all_it_takes(alembic, project, database_url, pg):
    project.revision(
        "a1", **SCRIPT, upgrade="op.get_bind().execute(sa.text('SELECT 1; CREATE TABLE t (a int)'))"
    )
    alembic(OFFLINE + "offline()", url_line(database_url))

    migrator = Migrator.from_config()
    await migrator.upgrade()

    assert "t" in await tables(pg)
    assert (await migrator.status()).state == "current"
    await migrator.downgrade("base")
    assert (await Migrator.from_config().current()).heads == ()


async def test_sql_before_configure_runs_first(alembic, project, database_url, pg):
    env = """
        from alembic import context
        from sqlalchemy import create_engine, text, inspect
        from sqlalchemy.schema import CreateSchema

        with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
            if not inspect(connection).has_schema("shop"):
                connection.execute(CreateSchema("shop"))
            connection.execute(text("SELECT pg_advisory_lock(1)"))
            connection.execute(text("SET search_path TO shop"))
            connection.execute(text("SET lock_timeout = '1500ms'"))
            connection.commit()
            context.configure(connection=connection, version_table_schema="shop")
            with context.begin_transaction():
                context.run_migrations()
    """
    project.revision("a1", **SCRIPT, upgrade="op.execute('CREATE TABLE t AS SELECT 1')")
    project.revision(
        "a2",
        down="a1",
        **SCRIPT,
        upgrade="""
        assert op.get_bind().exec_driver_sql("SHOW lock_timeout").scalar() in ("100ms", "1500ms")
        op.drop_table("t")
        op.create_table("u", sa.Column("a", sa.Integer))
    """,
    )

    migrator = Migrator(settings=alembic(env, url_line(database_url)))
    await migrator.upgrade("a1")
    assert await pg.fetchval("SELECT count(*) FROM shop.t") == 1
    await Migrator(settings=alembic(env, url_line(database_url))).upgrade()

    assert migrator.settings.lock_timeout == 1.5
    assert await pg.fetchval("SELECT version_num FROM shop.alembic_version") == "a2"
    assert await pg.fetchval("SELECT to_regclass('shop.u')") is not None


async def test_a_url_of_the_command_goes_before_an_engine_of_the_application(
    alembic, project, database_url, monkeypatch
):
    monkeypatch.syspath_prepend(project.path)
    (project.path / "compat_project_db.py").write_text(
        "from sqlalchemy.ext.asyncio import create_async_engine\n"
        "engine = create_async_engine('postgresql+asyncpg://nobody@192.0.2.1:1/nowhere')\n"
    )
    env = """
        import asyncio
        from alembic import context
        from compat_project_db import engine

        def run(connection):
            context.configure(connection=connection, target_metadata=None)
            context.run_migrations()

        async def main():
            async with engine.begin() as connection:
                await connection.run_sync(run)

        asyncio.run(main())
    """
    project.revision("a1", **SCRIPT)

    given = Migrator(settings=alembic(env, url=database_url))
    await given.upgrade()
    named = Migrator(settings=alembic(env, url_line(database_url)))
    await named._project.single_database()

    assert given.settings.url == database_url.replace("postgresql:", "postgresql+asyncpg:")
    assert given.settings.url_source == "--url, in the place of env.py's"
    assert named.settings.url == "postgresql+asyncpg://nobody@192.0.2.1:1/nowhere"


async def test_the_environment_s_url_goes_before_the_one_of_env_py(
    alembic, database_url, monkeypatch, project
):
    monkeypatch.setenv("ASYNCMIG_URL", database_url)
    project.revision("a1", **SCRIPT)

    migrator = Migrator(
        settings=alembic(OFFLINE + "offline()", "sqlalchemy.url = driver://user:pass@localhost/x")
    )

    assert (await migrator.upgrade()).after == ("a1",)


@pytest.mark.parametrize(
    ("env", "message", "line", "status"),
    [
        (
            "import no_such_module_anywhere",
            "env.py:1 raises ModuleNotFoundError: No module",
            1,
            None,
        ),
        ("x = (\n  1 / 0)", "env.py:2 raises ZeroDivisionError: division by zero", 2, None),
        ("def f(:", "env.py:1 raises SyntaxError: ", 1, None),
        ("raise SystemExit('no')", "env.py:1 ends the run with exit code 1: no", 1, 1),
        ("import sys\nsys.exit(7)", "env.py:2 ends the run with exit code 7", 2, 7),
    ],
)
async def test_what_an_env_raises_ends_the_command(
    alembic, database_url, pg, project, env, message, line, status
):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('t', sa.Column('a', sa.Integer))")

    with pytest.raises(EnvFileError) as caught:
        await Migrator(settings=alembic(env, url_line(database_url))).upgrade()

    assert message in str(caught.value)
    assert caught.value.line == line
    assert caught.value.fields().get("status") == status
    assert await tables(pg) == []


@pytest.mark.parametrize("env", ["x = 1", "raise SystemExit(0)"])
async def test_an_env_that_starts_no_run_changes_nothing_and_says_so(
    alembic, database_url, pg, project, env
):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('t', sa.Column('a', sa.Integer))")
    events = []
    settings = alembic(env, url_line(database_url))

    result = await Migrator(settings=settings, on_event=events.append).upgrade()

    assert (result.applied, result.after) == ((), ())
    warnings = [event.message for event in events if isinstance(event, ConfigWarning)]
    assert warnings[-1].endswith("never calls context.run_migrations(): nothing was run")
    assert await tables(pg) == []
    with pytest.raises(ConfigError, match="starts no run"):
        await Migrator(settings=settings).status()


async def test_graph_commands_need_no_env(alembic, project):
    project.revision("a1", **SCRIPT)

    heads = await Migrator(settings=alembic("raise SystemExit('not for heads')")).heads()

    assert [head.revision for head in heads] == ["a1"]


async def test_a_multidb_env_runs_each_database(alembic, project, make_database):
    urls = {"one": make_database(), "two": make_database()}
    env = """
        from alembic import context
        from sqlalchemy import engine_from_config

        config = context.config
        engines = {}
        for name in config.get_main_option("databases").split(", "):
            engines[name] = engine_from_config(config.get_section(name), prefix="sqlalchemy.").connect()
        for name, connection in engines.items():
            context.configure(connection=connection, upgrade_token=f"{name}_upgrades")
            context.run_migrations(engine_name=name)
    """
    more = "databases = one, two\n" + "".join(
        f"[{name}]\n{url_line(url)}\n" for name, url in urls.items()
    )
    project.revision(
        "a1",
        header="from alembic import op",
        signature="def {name}(engine_name):",
        upgrade="op.execute(f'CREATE TABLE of_{engine_name} (a int)')",
    )

    result = await Migrator(settings=alembic(env, more)).upgrade()

    assert [step.revision for step in result.applied] == ["a1", "a1"]
    import asyncpg

    for name, url in urls.items():
        connection = await asyncpg.connect(url)
        assert (
            await connection.fetchval("SELECT to_regclass($1)::text", f"of_{name}") == f"of_{name}"
        )
        await connection.close()


def test_the_command_line_migrates_such_a_project(alembic, project, database_url):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('t', sa.Column('a', sa.Integer))")
    alembic(OFFLINE + "offline()", url_line(database_url))

    done = run_tool("asyncmig", ["upgrade", "head"], cwd=project.path, environ=os.environ)

    assert done.code == 0, done.err
    assert "a1" in done.err + done.out


@pytest.mark.parametrize("more", [[], ["--sql"]])
def test_the_tag_reaches_env_and_scripts(alembic, project, database_url, more):
    project.revision(
        "a1",
        header="from alembic import context, op",
        upgrade="op.execute(f\"COMMENT ON SCHEMA public IS '{context.get_tag_argument()}'\")",
    )
    env = OFFLINE.replace(
        "literal_binds", "version_table=context.get_tag_argument(), literal_binds"
    )
    alembic(env + "offline()", url_line(database_url))
    words = ["upgrade", "head", "--tag", "from_ci", *(more or ["--dry-run", "--json"])]

    done = run_tool("asyncmig", words, cwd=project.path, environ=os.environ)

    assert done.code == 0, done.err
    assert "IS 'from_ci'" in done.out
    assert ("CREATE TABLE IF NOT EXISTS from_ci" in done.out) is bool(more)


MODELS_OF_ENV = """
from alembic import context
import sqlalchemy as sa
config = context.config
target_metadata = {models}
context.configure(
    url=config.get_main_option("sqlalchemy.url"), target_metadata=target_metadata, literal_binds=True
)
with context.begin_transaction():
    context.run_migrations()
"""


async def test_models_of_an_env_that_are_empty_or_missing(alembic, database_url, project):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('book', sa.Column('id', sa.Integer))")
    heard = []
    empty = alembic(MODELS_OF_ENV.format(models="sa.MetaData()"), url_line(database_url))
    migrator = Migrator(settings=empty, on_event=heard.append)
    await migrator.upgrade()
    heard.clear()

    found = await migrator.check()

    (note,) = found.notes
    assert note.startswith("target_metadata in env.py has no tables, so 1 table is dropped")
    assert [event.message for event in heard if isinstance(event, ConfigWarning)] == [note]
    assert str(found).endswith(note)

    models = sa.MetaData()
    sa.Table("book", models, sa.Column("id", sa.Integer))
    given = Migrator(settings=empty, target_metadata=models)
    assert (await given.check()).ok  # what the caller gives goes before what env.py says

    none = alembic(MODELS_OF_ENV.format(models="None"), url_line(database_url))
    with pytest.raises(ConfigError, match="no models") as caught:
        await Migrator(settings=none).check()
    assert "context.configure() in env.py" in caught.value.hint


CREATORS = {
    "sync": """
        from alembic import context
        from sqlalchemy import create_engine
        engine = create_engine("postgresql+psycopg2://", creator=lambda: 1 / 0)
        with engine.connect() as connection:
            context.configure(connection=connection)
            context.run_migrations()
        """,
    "async": """
        import asyncio
        from alembic import context
        from sqlalchemy.ext.asyncio import create_async_engine
        async def run():
            engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: 1 / 0)
            async with engine.connect() as connection:
                await connection.run_sync(lambda _: 1)
        asyncio.run(run())
        """,
}


@pytest.mark.parametrize("env", CREATORS.values(), ids=CREATORS)
async def test_a_url_does_not_silently_lose_to_a_creator(alembic, project, database_url, env):
    project.revision("a1", **SCRIPT)
    settings = alembic(env, url=database_url)
    with pytest.raises(
        UrlError, match=r"in the place of what creator .*<lambda> connects with"
    ) as told:
        await Migrator(settings=settings).upgrade()
    assert told.value.hint == "leave --url out: env.py chooses the database"
