"""An ``env.py`` is executed in a thread: what reaches the caller's event loop, and what ends the thread."""

import asyncio
import textwrap
import threading

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.config import load
from asyncmig.errors import AsyncmigError, ConnectionFailedError, EnvFileError, UrlError
from asyncmig.events import DatabaseConnected, EnvWarning

SCRIPT = {"header": "import sqlalchemy as sa\nfrom alembic import op", "signature": "def {name}():"}
SYNC = """
    import threading
    import time
    from alembic import context
    from sqlalchemy import create_engine, text

    with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
        {before}
        context.configure(connection=connection, {options})
        with context.begin_transaction():
            context.run_migrations()
        {after}
"""
ASYNC = """
    import asyncio
    from alembic import context
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy import text

    def run(connection):
        context.configure(connection=connection, {options})
        with context.begin_transaction():
            context.run_migrations()

    async def main():
        url = context.config.get_main_option("sqlalchemy.url")
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        async with engine.connect() as connection:
            {before}
            await connection.run_sync(run)
            {after}

    asyncio.run(main())
"""
BOTH = pytest.mark.parametrize("env", [SYNC, ASYNC], ids=["sync", "async"])


@pytest.fixture(autouse=True)
def no_urls(monkeypatch):
    for name in ("DATABASE_URL", "ASYNCMIG_URL", "ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def alembic(project):
    """``alembic(env, url)`` writes the project and gives its settings."""

    def make(env, main_url, *, before="pass", after="pass", options="", **arguments):
        text = textwrap.dedent(env).format(before=before, after=after, options=options)
        (project.script_location / "env.py").write_text(text)
        ini = project.path / "alembic.ini"
        ini.write_text(
            "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
            f"sqlalchemy.url = {main_url.replace('%', '%%')}\n"
        )
        return load(ini, **arguments)

    return make


def env_threads():
    return [thread for thread in threading.enumerate() if thread.name == "asyncmig env.py"]


@BOTH
async def test_events_arrive_in_the_loop_of_the_caller(alembic, project, database_url, env):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('t', sa.Column('a', sa.Integer))")
    loop, seen = asyncio.get_running_loop(), []

    def note(event):
        seen.append((event, asyncio.get_running_loop() is loop))

    await Migrator(settings=alembic(env, database_url), on_event=note).upgrade()

    assert all(is_here for _, is_here in seen)
    names = [type(event).__name__ for event, _ in seen]
    assert names[0] == "DatabaseConnected"
    assert names[-1] == "RunFinished"
    (connected,) = [event for event, _ in seen if isinstance(event, DatabaseConnected)]
    assert connected.database == database_url.rpartition("/")[2]


@BOTH
async def test_the_loop_of_the_caller_runs_on(alembic, project, database_url, env):
    project.revision("a1", **SCRIPT)
    wait = "await asyncio.sleep(0.5)" if env is ASYNC else "time.sleep(0.5)"
    settings = alembic(env, database_url, before=wait)
    beats = 0

    async with anyio.create_task_group() as group:

        async def beat():
            nonlocal beats
            while True:
                await anyio.sleep(0.01)
                beats += 1

        group.start_soon(beat)
        await Migrator(settings=settings).upgrade()
        group.cancel_scope.cancel()

    assert beats >= 10


@pytest.mark.cells(1)
@BOTH
async def test_cancellation_reaches_the_run_and_ends_the_thread(
    alembic, project, database_url, pg, env
):
    project.revision("a1", **SCRIPT, upgrade="op.execute('CREATE TABLE t (a int)')")
    project.revision("a2", down="a1", **SCRIPT, upgrade="op.execute('SELECT pg_sleep(60)')")
    migrator = Migrator(settings=alembic(env, database_url))

    with anyio.move_on_after(2) as scope:
        await migrator.upgrade()

    assert scope.cancelled_caught
    with anyio.fail_after(10):
        while env_threads():
            await anyio.sleep(0.02)
        # the server notices the end of the session a moment after the client
        database = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        for what_remains in (
            "pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid() AND datid = {me}",
            "pg_locks WHERE locktype = 'advisory' AND database = {me}",
        ):
            while await pg.fetchval(f"SELECT count(*) FROM {what_remains.format(me=database)}"):
                await anyio.sleep(0.02)


async def test_two_projects_at_once(tmp_path, make_database):
    from fix_project import Project

    urls = [make_database(), make_database()]
    migrators = []
    for number, (env, url) in enumerate(zip((SYNC, ASYNC), urls, strict=True)):
        project = Project(tmp_path / str(number))
        table = f"op.create_table('t{number}', sa.Column('a', sa.Integer))"
        project.revision(f"a{number}", **SCRIPT, upgrade=table)
        text = textwrap.dedent(env).format(before="pass", after="pass", options="")
        (project.script_location / "env.py").write_text(text)
        ini = project.path / "alembic.ini"
        ini.write_text(
            "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
            f"sqlalchemy.url = {url.replace('%', '%%')}\n"
        )
        migrators.append(Migrator(settings=load(ini)))
    results = []

    async def upgrade(migrator):
        results.append((await migrator.upgrade()).after)

    async with anyio.create_task_group() as group:
        for migrator in migrators:
            group.start_soon(upgrade, migrator)

    assert sorted(results) == [("a0",), ("a1",)]


@BOTH
async def test_a_command_that_reads_changes_nothing(alembic, project, database_url, pg, env):
    project.revision("a1", **SCRIPT)
    create = 'connection.execute(text("CREATE TABLE made (a int)"))'
    commit = "connection.commit()"
    if env is ASYNC:
        create, commit = f"await {create}", f"await {commit}"
    events = []
    settings = alembic(env, database_url, before=f"{create}; {commit}")

    plan = await Migrator(settings=settings, on_event=events.append).plan()

    assert plan.revisions == ("a1",)
    assert await pg.fetchval("SELECT to_regclass('made')") is None
    (warning,) = [event.message for event in events if isinstance(event, EnvWarning)]
    assert warning.endswith("not executed, for this command only reads: CREATE TABLE made (a int)")


@BOTH
async def test_a_rollback_of_the_file_is_an_error(alembic, project, database_url, pg, env):
    project.revision("a1", **SCRIPT, upgrade="op.create_table('t', sa.Column('a', sa.Integer))")
    execute = 'connection.execute(text("SELECT 1"))'
    settings = alembic(env, database_url, before=f"await {execute}" if env is ASYNC else execute)

    with pytest.raises(EnvFileError, match="rolls back the transaction") as caught:
        await Migrator(settings=settings).upgrade()

    assert "connection.commit()" in caught.value.hint
    assert await pg.fetchval("SELECT to_regclass('t')") is None


@BOTH
async def test_an_error_of_a_script_comes_through_the_file(alembic, project, database_url, env):
    project.revision("a1", **SCRIPT, upgrade="op.execute('SELECT no_such_column')")

    with pytest.raises(AsyncmigError, match="no_such_column") as caught:
        await Migrator(settings=alembic(env, database_url)).upgrade()

    assert caught.value.revision == "a1"
    assert caught.value.address.endswith(database_url.rpartition("@")[2])


@BOTH
async def test_a_second_database_is_no_place_for_one_url(
    alembic, project, make_database, database_url, env
):
    project.revision("a1", **SCRIPT)
    other = make_database()
    asynchronous = env is ASYNC
    second = (
        f'create_async_engine("{other.replace("postgresql:", "postgresql+asyncpg:")}")'
        if asynchronous
        else f'create_engine("{other}")'
    )
    settings = alembic(env, database_url, before=second, url=make_database())

    with pytest.raises(UrlError, match="more than one database"):
        await Migrator(settings=settings).upgrade()


@BOTH
@pytest.mark.parametrize("argument", ["options=-cnonsense", "channel_binding=require"])
async def test_no_output_of_a_failed_connection_has_the_password(
    alembic, project, database_url, env, argument, capfd
):
    project.revision("a1", **SCRIPT)
    address = database_url.rpartition("@")[2]
    url = f"postgresql://nobody_at_all:s3cr3t-pw@{address}"
    events = []
    if env is SYNC:
        url += f"?{argument}"

    with pytest.raises((ConnectionFailedError, UrlError, EnvFileError)) as caught:
        await Migrator(settings=alembic(env, url), on_event=events.append).upgrade()

    error = caught.value
    told = [str(error), error.hint, repr(error), str(error.fields()), str(events)]
    told += capfd.readouterr()
    assert "s3cr3t-pw" not in "".join(map(str, told))


@BOTH
@pytest.mark.parametrize("retval", [True, False])
async def test_a_listener_that_directives_do_not_reach(
    alembic, project, database_url, pg, env, retval
):
    project.revision("a1", **SCRIPT, upgrade="op.execute('CREATE TABLE t (a int)')")
    engine = "connection.engine.sync_engine" if env is ASYNC else "connection.engine"
    listens = (
        "comment = lambda conn, cursor, sql, values, context, many: ('/**/' + sql, values); "
        f'__import__("sqlalchemy").event.listen({engine}, "before_cursor_execute", comment, retval={retval})'
    )
    events = []
    migrator = Migrator(settings=alembic(env, database_url, before=listens), on_event=events.append)

    if retval:
        with pytest.raises(UrlError, match=r"the listener \S+ of before_cursor_execute, which"):
            await migrator.upgrade()
        assert await pg.fetchval("SELECT to_regclass('t')") is None
    else:
        await migrator.upgrade()
        (warning,) = [event.message for event in events if isinstance(event, EnvWarning)]
        assert "is not called for the statements of directives" in warning
