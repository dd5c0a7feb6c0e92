"""Whatever notices first that the connection is gone, the error is the same and says what to do."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database.connections import UrlDatabase
from asyncmig.database.session_settings import open_session
from asyncmig.errors import ConnectionLostError, ScriptError
from asyncmig.execution.server_notices import reporting_notices

END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'asyncmig'"""


@pytest.fixture
def opening(project, database_url):
    settings = project.settings(url=database_url, application_name="asyncmig")
    return lambda: open_session(UrlDatabase(settings, lambda _: None), settings)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        ConnectionResetError("reset by peer"),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_the_driver(opening, error):
    async def lose():
        async with opening() as session:
            session.driver.terminate()
            raise error

    with pytest.raises(ConnectionLostError, match="the connection was lost: ") as caught:
        await lose()
    assert caught.value.__cause__ is error
    assert "run the same command again" in str(caught.value.hint)


async def test_an_error_of_a_file_is_no_lost_connection(opening):
    async def fail():
        async with opening():
            raise FileNotFoundError("no such file")

    with pytest.raises(FileNotFoundError):
        await fail()


async def test_a_session_that_a_script_ends(project, database_url, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (id int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade=f"await op.fetch({END.replace(chr(10), ' ')!r})",
        signature="async def {name}(op):",
    )
    with pytest.raises(ConnectionLostError) as caught:
        await Migrator(database_url, script_location=project.script_location).upgrade()
    assert caught.value.applied == ("a1",)
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "a1"


async def test_notices_are_not_listened_to_on_a_lost_connection(opening):
    """The first message says that it is lost."""
    async with opening() as session:
        session.driver.terminate()
        async with reporting_notices(session, lambda _: None):
            pass
        assert session.closed


async def test_the_connection_of_a_script_of_its_own_is_no_loss(project, database_url):
    """The script is blamed for what is its own."""
    project.revision(
        "a1",
        upgrade=f"""
            import asyncpg

            own = await asyncpg.connect({database_url!r})
            own.terminate()
            await own.fetch("SELECT 1")
        """,
        signature="async def {name}(op):",
    )
    with pytest.raises(ScriptError, match=r"a1\.py"):
        await Migrator(database_url, script_location=project.script_location).upgrade()
