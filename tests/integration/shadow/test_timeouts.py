"""A comparison that runs into a time limit: what it waited for, and which setting it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.entities import View, register
from asyncmig.errors import DatabaseError

if TYPE_CHECKING:
    from fix_project import Project


def book() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("book", metadata, sa.Column("pages", sa.Integer), sa.CheckConstraint("pages > 0"))
    return metadata


def only_a_view() -> sa.MetaData:
    metadata = sa.MetaData()
    register(metadata, View("one", "SELECT 1 AS one"))
    return metadata


@pytest.fixture
async def locked(pg) -> int:
    """Another session has the table to itself; its process."""
    await pg.execute("CREATE TABLE book (pages int CHECK (pages > 0))")
    await pg.execute("BEGIN; LOCK TABLE book IN ACCESS EXCLUSIVE MODE")
    return pg.get_server_pid()


@pytest.mark.parametrize("autogenerate", [False, True])
async def test_a_lock_that_somebody_holds(project: Project, database_url, pg, locked, autogenerate):
    migrator = Migrator(
        settings=project.settings(url=database_url, lock_timeout=0.1), target_metadata=book()
    )
    with pytest.raises(DatabaseError) as caught:
        await (migrator.revision(autogenerate=True) if autogenerate else migrator.check())
    error = caught.value
    assert str(error).startswith(
        "the comparison waited longer than lock_timeout (0.1 s) for a lock while reading the catalogs; "
        f"ACCESS EXCLUSIVE locks: pid {locked} holds book ("
    )
    assert "raise the setting lock_timeout" in error.hint
    assert (error.sqlstate, error.setting, error.exit_code) == ("55P03", "lock_timeout", 1)
    await pg.execute("COMMIT")
    assert (await migrator.check()).ok


async def test_the_limit_of_the_server_where_none_is_set(project: Project, database_url, locked):
    settings = project.settings(
        url=f"{database_url}?options=-c%20lock_timeout%3D90ms", lock_timeout=None
    )
    with pytest.raises(DatabaseError, match=r"lock_timeout \(90ms\)"):
        await Migrator(settings=settings, target_metadata=book()).check()


@pytest.mark.parametrize(
    "setting",
    [
        "idle_in_transaction_session_timeout=1ms",
        pytest.param("transaction_timeout=60ms", marks=pytest.mark.pg(">=17")),
    ],
)
async def test_limits_of_a_whole_transaction_do_not_end_it(project: Project, database_url, setting):
    metadata = sa.MetaData()
    for number in range(150):
        sa.Table(f"t{number}", metadata, sa.Column("id", sa.Integer, primary_key=True))
    settings = project.settings(
        url=f"{database_url}?options=-c%20{setting.replace('=', '%3D')}", shadow_cache=False
    )
    found = await Migrator(settings=settings, target_metadata=metadata).check()
    assert len(found.differences) == 150


async def test_inside_a_transaction_the_limits_are_the_caller_s(
    project: Project, database_url, locked
):
    engine = create_async_engine(
        database_url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=sa.NullPool
    )
    async with engine.connect() as connection:
        await connection.execute(sa.text("SET LOCAL lock_timeout = '80ms'"))
        migrator = Migrator(connection, settings=project.settings(), target_metadata=book())
        with pytest.raises(DatabaseError, match=r"lock_timeout \(80ms\)"):
            await migrator.check()
        assert await connection.scalar(sa.text("SHOW lock_timeout")) == "80ms"


async def test_a_statement_that_takes_too_long(project: Project, database_url, locked):
    settings = project.settings(url=database_url, lock_timeout=0, statement_timeout=0.1)
    with pytest.raises(DatabaseError) as caught:
        await Migrator(settings=settings, target_metadata=book()).check()
    assert "longer than statement_timeout (0.1 s)" in str(caught.value)
    assert str(caught.value).endswith("while reading the catalogs")
    assert "raise the setting statement_timeout" in caught.value.hint


SLOW = """
CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); END';
CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE VIEW')
    EXECUTE FUNCTION slow()
"""


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("models", [book, only_a_view])
async def test_what_was_built_is_named(
    project: Project, database_url, make_database, models, elsewhere
):
    shadow = make_database() if elsewhere else None
    driver = await asyncpg.connect(shadow or database_url)
    await driver.execute(SLOW)
    await driver.close()
    settings = project.settings(url=database_url, shadow_url=shadow, statement_timeout=0.2)
    with pytest.raises(DatabaseError) as caught:
        await Migrator(settings=settings, target_metadata=models()).check()
    what = "table book" if models is book else "view one"
    assert f", while building {what}" in str(caught.value)
    assert str(caught.value).endswith(shadow.rpartition("/")[2] if shadow else what)
    assert caught.value.setting == "statement_timeout"


async def test_a_comparison_that_was_cancelled(project: Project, database_url, pg, locked):
    settings = project.settings(url=database_url, lock_timeout=0)
    waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'book'::regclass"

    async def cancel() -> None:
        while not await pg.fetchval(f"SELECT pg_cancel_backend(pid) FROM ({waiting}) w"):
            await anyio.sleep(0.05)

    async with anyio.create_task_group() as group:
        group.start_soon(cancel)
        with pytest.raises(DatabaseError, match="the comparison was cancelled while reading"):
            await Migrator(settings=settings, target_metadata=book()).check()
