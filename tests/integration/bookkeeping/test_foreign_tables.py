"""Something else in place of the version table or the journal is refused, with the way out."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.errors import ConfigError


@pytest.fixture
async def migrator(project, database_url):
    project.revision("a1")
    project.revision("b1", down="a1")
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade("a1")
    return migrator


async def refused(run, *, match: str) -> ConfigError:
    with pytest.raises(ConfigError, match=match) as caught:
        await run()
    return caught.value


@pytest.mark.parametrize("journal", [True, False])
async def test_a_view_in_place_of_the_version_table(project, database_url, pg, migrator, journal):
    await pg.execute(
        "ALTER TABLE alembic_version RENAME TO kept; CREATE VIEW alembic_version AS SELECT * FROM kept"
    )
    migrator = Migrator(database_url, script_location=project.script_location, journal=journal)
    match = "the version table alembic_version is not a table"
    error = await refused(migrator.upgrade, match=match)
    assert "version_table" in error.hint
    await refused(migrator.status, match=match)


async def test_row_security_hides_rows_from_the_role(database_url, pg, migrator, project):
    await pg.execute("ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY")
    assert (await migrator.upgrade()).revisions == ("b1",)  # a superuser bypasses it

    await pg.execute("ALTER TABLE alembic_version OWNER TO pg_database_owner")
    await pg.execute(
        "DROP ROLE IF EXISTS bounded; CREATE ROLE bounded; GRANT ALL ON alembic_version, asyncmig_journal"
        " TO bounded; GRANT ALL ON SCHEMA public TO bounded"
    )
    try:
        bounded = Migrator(database_url, script_location=project.script_location, role="bounded")
        error = await refused(
            lambda: bounded.downgrade("base"), match="has row security for this role"
        )
        assert "DISABLE ROW LEVEL SECURITY" in error.hint
    finally:
        await pg.execute("DROP OWNED BY bounded; DROP ROLE bounded")


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        (
            "ALTER TABLE asyncmig_journal DROP COLUMN statement",
            r"asyncmig_journal is not a journal of asyncmig: column j\.statement does not exist",
        ),
        (
            "ALTER TABLE alembic_version RENAME COLUMN version_num TO number",
            r"alembic_version is not a version table: column .*version_num.* does not exist",
        ),
    ],
)
async def test_a_table_that_lacks_a_column(pg, migrator, statement, match):
    await pg.execute(statement)
    await refused(migrator.upgrade, match=match)
