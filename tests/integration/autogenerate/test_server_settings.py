"""What is set for a database or a role changes neither how models are read nor how they are printed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import View, register
from asyncmig.errors import DatabaseError
from fix_database import catalog_dump


def shop() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "Order",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Text, server_default="a\\b%c:d'e", comment="100% \\ 'a'"),
        sa.Column("day", sa.Date, server_default="2020-02-03"),
        sa.Column("age", sa.Interval, server_default=sa.text("'1 day 2 hours'")),
        sa.Column("state", sa.Enum("new", "old", name="State"), server_default="new"),
        sa.CheckConstraint("a ~ '^\\d+' OR day > DATE '2020-01-02'", name="ck"),
    )
    child = sa.Table("child", metadata, sa.Column("o", sa.ForeignKey("Order.id")))
    sa.Index("ix_child", child.c.o.desc(), postgresql_where=child.c.o > 0)
    register(metadata, View("v", "SELECT id, a FROM \"Order\" WHERE a <> 'a\\b'"))
    return metadata


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    "setting",
    [
        "standard_conforming_strings = off",
        "quote_all_identifiers = on",
        "DateStyle = 'German'",
        "IntervalStyle = 'iso_8601'",
    ],
)
async def test_a_setting_of_the_database(project, database_url, pg, setting):
    empty = catalog_dump(database_url, version_table=False)
    name = await pg.fetchval("SELECT current_database()")
    await pg.execute("SET standard_conforming_strings = on")
    await pg.execute(f'ALTER DATABASE "{name}" SET {setting}')
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=shop())
    await migrator.revision("shop", autogenerate=True, rev_id="a1")
    await migrator.upgrade()
    found = await migrator.check()
    assert found.ok, found
    await migrator.downgrade("base")
    await pg.execute(f'ALTER DATABASE "{name}" RESET ALL')
    assert catalog_dump(database_url, version_table=False) == empty


async def test_an_event_trigger_that_forbids_changes(project, database_url, pg):
    body = "BEGIN RAISE EXCEPTION 'not in office hours'; END"
    await pg.execute(
        f"CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $${body}$$;"
        "CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()"
    )
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=shop())
    with pytest.raises(DatabaseError, match="not in office hours") as caught:
        await migrator.check()
    assert "shadow_url" in caught.value.hint
