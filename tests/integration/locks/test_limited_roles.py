"""The impact for roles that may create no database, or see nothing of other sessions."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from asyncmig import Migrator, embedded
from asyncmig.errors import ConfigError


@pytest.fixture
async def limited_url(pg, database_url):
    """The database for a role that may only read and that owns one table."""
    role = f"limited_{uuid4().hex}"
    await pg.execute(
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT CREATE ON SCHEMA public TO {role}"
    )
    await pg.execute(f"SET ROLE {role}; CREATE TABLE t (a int); RESET ROLE")
    yield make_url(database_url).set(username=role, password="x").render_as_string(False)
    await pg.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def impact(project, url: str):
    project.revision("a", upgrade='op.execute("ALTER TABLE t ALTER a SET NOT NULL")')
    migrator = Migrator(url, script_location=project.script_location)
    return await migrator.impact(await migrator.plan())


@pytest.mark.slow
async def test_a_role_that_may_create_no_database_uses_an_embedded_server(
    project, limited_url, server
):
    found = await impact(project, limited_url)
    if server.found == "embedded wheel":
        assert (found.copy, found.statements[0].source) == ("embedded server", "traced")
    else:  # an embedded server of another version is refused
        assert found.copy in {None, "embedded server"}


@pytest.fixture
def without_embedded_server(monkeypatch):
    def unavailable(**_options: object):
        raise ConfigError("the extra embedded is not installed", hint="install it")

    monkeypatch.setattr(embedded, "server", unavailable)


@pytest.mark.usefixtures("without_embedded_server")
async def test_where_no_copy_can_be_made_each_reason_is_said(project, limited_url):
    found = await impact(project, limited_url)
    (statement,) = found.statements
    assert (statement.source, statement.scans) == ("known", ("t",))
    assert found.notes[0] == (
        "not traced, no copy can be made: no scratch database on the server of the target: permission denied"
        " to create database; no embedded server: the extra embedded is not installed"
    )


@pytest.mark.usefixtures("without_embedded_server")
async def test_sessions_of_others_that_the_role_may_not_see_are_counted(
    project, limited_url, database_url
):
    other = await asyncpg.connect(database_url)
    try:
        await other.execute("BEGIN; SELECT 1")
        found = await impact(project, limited_url)
    finally:
        await other.close()
    hidden = [note for note in found.notes if "of other roles" in note]
    assert len(hidden) == 1
    count, _, rest = hidden[0].partition(" ")
    assert int(count) >= 1
    assert rest == (
        "sessions of other roles do not show their transactions to this role: GRANT pg_read_all_stats to it"
        " to see long ones"
    )
