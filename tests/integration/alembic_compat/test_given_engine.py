"""A migrator of an Alembic project that is given an engine or a connection."""

import sys
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.errors import ConfigError, ConnectionFailedError, EnvFileError, UrlError
from asyncmig.events import DatabaseConnected, EnvWarning

ELSEWHERE = "nobody@192.0.2.1:1/nowhere"
INI = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
SYNC = """
from alembic import context
from sqlalchemy import create_engine, text

engine = create_engine("postgresql+psycopg2://{url}")
with engine.connect() as connection:
    if connection.execute(text("SELECT to_regclass('frozen')")).scalar():
        raise RuntimeError("the database is frozen")
    connection.rollback()
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("CREATE TABLE after_the_run ()"))
    connection.execute(text("SET search_path TO elsewhere"))
    connection.commit()
"""
ASYNC = """
import asyncio
from alembic import context
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

def migrate(connection):
    if connection.execute(text("SELECT to_regclass('frozen')")).scalar():
        raise RuntimeError("the database is frozen")
    connection.rollback()
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = create_async_engine("postgresql+asyncpg://{url}")
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.execute(text("CREATE TABLE after_the_run ()"))
        await connection.commit()
    await engine.dispose()

asyncio.run(main())
"""
WRAPPED = ASYNC.replace(
    'create_async_engine("postgresql+asyncpg://{url}")',
    'AsyncEngine(create_engine("postgresql+asyncpg://{url}"))',
).replace(
    "from sqlalchemy import text\nfrom sqlalchemy.ext.asyncio import create_async_engine",
    "from sqlalchemy import create_engine, text\nfrom sqlalchemy.ext.asyncio import AsyncEngine",
)
TEMPLATES = pytest.mark.parametrize("env", [SYNC, ASYNC, WRAPPED], ids=["sync", "async", "wrapped"])
SCRIPT = {
    "header": "import sqlalchemy as sa",
    "upgrade": "op.execute(\"CREATE TABLE who AS SELECT current_setting('application_name') AS name\")",
    "downgrade": "op.drop_table('who')",
}


@pytest.fixture
def alembic(project):
    """``alembic(env)`` writes the project, whose own URL leads nowhere, and gives its settings."""

    def make(env):
        project.revision("a1", **SCRIPT)
        (project.script_location / "env.py").write_text(env.replace("{url}", ELSEWHERE))
        (project.path / "alembic.ini").write_text(INI)
        return load(project.path / "alembic.ini")

    return make


@pytest.fixture
async def engine(database_url):
    """An application's engine, with an argument and a listener of its own."""
    engine = create_async_engine(
        database_url.replace("postgresql:", "postgresql+asyncpg:"),
        connect_args={"server_settings": {"application_name": "the application"}},
        pool_size=2,
        max_overflow=0,
        pool_timeout=5,
    )
    yield engine
    await engine.dispose()


@TEMPLATES
async def test_env_py_is_executed_and_connects_with_the_engine(alembic, engine, pg, env):
    events = []
    migrator = Migrator(engine, settings=alembic(env), on_event=events.append)
    result = await migrator.upgrade()

    assert await pg.fetchval("SELECT name FROM who") == "the application"
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a1"
    assert await pg.fetchval("SELECT to_regclass('after_the_run')") == "after_the_run"
    assert result.url_source is None
    assert [event for event in events if isinstance(event, EnvWarning)] == []
    connected = [str(event) for event in events if isinstance(event, DatabaseConnected)]
    assert connected
    assert not any("url from" in text or "192.0.2.1" in text for text in connected)


@TEMPLATES
async def test_a_question_of_env_py_to_the_database_counts(alembic, engine, pg, env):
    await pg.execute("CREATE TABLE frozen ()")
    with pytest.raises(EnvFileError, match="the database is frozen"):
        await Migrator(engine, settings=alembic(env)).upgrade()
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None


@TEMPLATES
async def test_the_pool_is_as_it_was(alembic, engine, env):
    async with engine.connect() as connection:
        path = (await connection.execute(sa.text("SHOW search_path"))).scalar()
    for _ in range(3):  # more often than the pool has connections
        migrator = Migrator(
            engine,
            settings=alembic(
                env.replace("CREATE TABLE", "SELECT '").replace("after_the_run ()", "'")
            ),
        )
        await migrator.upgrade()
        await migrator.downgrade("base")
        assert (await migrator.current()).heads == ()
    assert engine.pool.checkedout() == 0
    async with engine.connect() as connection, engine.connect() as other:
        for one in (connection, other):
            assert (await one.execute(sa.text("SHOW search_path"))).scalar() == path


@TEMPLATES
async def test_its_listeners_are_called(alembic, engine, pg, env):
    @event.listens_for(engine.sync_engine.pool, "connect")
    def prepare(connection, _record):
        cursor = connection.cursor()
        cursor.execute("SET application_name = 'of the listener'")
        cursor.close()
        connection.commit()

    await Migrator(engine, settings=alembic(env)).upgrade()
    assert await pg.fetchval("SELECT name FROM who") == "of the listener"


async def test_an_application_s_engine_in_env_py_is_the_same_database(
    alembic, engine, pg, monkeypatch
):
    env = """
import asyncio
from alembic import context
from application_of_the_test import engine

def migrate(connection):
    context.configure(connection=connection)
    context.run_migrations()

async def main():
    async with engine.connect() as connection:
        await connection.run_sync(migrate)

asyncio.run(main())
"""
    application = ModuleType("application_of_the_test")
    application.engine = engine
    monkeypatch.setitem(sys.modules, application.__name__, application)
    migrator = Migrator(engine, settings=alembic(env))
    await migrator.upgrade()
    assert await pg.fetchval("SELECT name FROM who") == "the application"


@pytest.mark.parametrize("second", ["create_engine('postgresql://other@192.0.2.2/b')"])
async def test_a_second_database_of_env_py_is_refused(alembic, engine, pg, second):
    env = SYNC + f"\nwith {second}.connect() as other:\n    pass\n"
    with pytest.raises(
        UrlError, match=r"more than one database.*engine that the migrator was given"
    ):
        await Migrator(engine, settings=alembic(env)).upgrade()


async def test_a_creator_of_env_py_does_not_connect_elsewhere(alembic, engine, pg):
    env = SYNC.replace(
        'create_engine("postgresql+psycopg2://{url}")',
        'create_engine("postgresql+psycopg2://", creator=lambda: 1 / 0)',
    )
    await Migrator(engine, settings=alembic(env)).upgrade()
    assert await pg.fetchval("SELECT name FROM who") == "the application"


async def test_an_engine_that_cannot_connect_is_said(alembic):
    engine = create_async_engine(
        "postgresql+asyncpg://nobody@127.0.0.1:1/nowhere", poolclass=AsyncAdaptedQueuePool
    )
    with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1:1"):
        await Migrator(engine, settings=alembic(SYNC)).upgrade()
    await engine.dispose()


@TEMPLATES
async def test_commands_that_read_change_nothing(alembic, engine, pg, env):
    migrator = Migrator(engine, settings=alembic(env))
    assert [step.revision for step in (await migrator.plan()).steps] == ["a1"]
    assert (await migrator.current()).heads == ()
    assert await pg.fetchval("SELECT to_regclass('after_the_run')") is None


async def test_with_a_connection_env_py_is_read_and_says_so(alembic, engine, pg):
    events = []
    settings = alembic(SYNC)
    async with engine.connect() as connection:
        await Migrator(connection, settings=settings, on_event=events.append).upgrade()
    path = settings.script_location / "env.py"
    [message] = [event.message for event in events if isinstance(event, EnvWarning)]
    assert message == (
        f"{path} is read and not executed: the migrator was given a connection;"
        " its statements do not run"
    )
    assert await pg.fetchval("SELECT to_regclass('after_the_run')") is None


async def test_with_a_connection_an_error_of_env_py_counts_too(alembic, engine, pg):
    settings = alembic("raise RuntimeError('not in production')")
    async with engine.connect() as connection:
        with pytest.raises(ConfigError, match=r"env\.py raises RuntimeError.*not in production"):
            await Migrator(connection, settings=settings).upgrade()
    assert await pg.fetchval("SELECT to_regclass('alembic_version')") is None
