"""The shadow: how many questions it asks, and that nothing of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from asyncmig.database.session import Session
from asyncmig.errors import DatabaseError
from asyncmig.shadow import read_sides, scratch_schemas
from fix_database import catalog_dump
from support.chained_tables import chained_tables

if TYPE_CHECKING:
    from fix_autogenerate import Comparing


class Counting(Session):
    """A session that counts what it sends."""

    sent = 0

    async def fetch(self, query, *args):
        self.sent += 1
        return await super().fetch(query, *args)

    async def send(self, sql):
        self.sent += 1
        await super().send(sql)


@pytest.mark.parametrize("tables", [1, 40])
async def test_the_number_of_messages_does_not_grow(comparing: Comparing, tables):
    await comparing.build(chained_tables(tables))
    session = Counting(comparing.driver, comparing.session.sqlalchemy)
    sides = await read_sides.read_sides(session, [chained_tables(tables)])
    assert len(sides.actual.tables) == len(sides.wanted.tables) == tables
    assert session.sent == 12


async def test_the_database_is_as_before(comparing: Comparing, database_url):
    await comparing.build(chained_tables(2))
    path = await comparing.driver.fetchval("SHOW search_path")
    before = catalog_dump(database_url)
    await comparing.sides(chained_tables(3))
    assert catalog_dump(database_url) == before
    assert not comparing.driver.is_in_transaction()
    assert await comparing.driver.fetchval("SHOW search_path") == path


async def test_a_callers_transaction_goes_on(database_url, project):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection, connection.begin():
        await connection.execute(sa.text("CREATE TABLE mine (id int)"))
        inside = Migrator(
            connection, settings=project.settings(), target_metadata=chained_tables(1)
        )
        found = await inside.check()
        changes = [(item.change, item.object) for item in found.differences]
        assert ("create_table", "t0") in changes
        assert ("drop_table", "mine") in changes
        await connection.execute(sa.text("INSERT INTO mine VALUES (1)"))
    async with engine.connect() as connection:
        assert (await connection.execute(sa.text("SELECT id FROM mine"))).scalar() == 1
    await engine.dispose()


async def test_killed_in_the_middle(comparing: Comparing, database_url, pg, monkeypatch):
    before = catalog_dump(database_url)
    pid = await comparing.driver.fetchval("SELECT pg_backend_pid()")

    async def killed(*_: object, **__: object) -> None:
        await pg.execute("SELECT pg_terminate_backend($1)", pid)
        await anyio.sleep(0.05)
        raise asyncpg.InterfaceError("killed")

    monkeypatch.setattr(scratch_schemas, "_send_separately", killed)
    metadata = chained_tables(2)
    sa.Table("bad", metadata, sa.Column("x", sa.Integer, server_default=sa.text("no_such()")))
    with pytest.raises(asyncpg.InterfaceError):
        await comparing.sides(metadata)
    assert catalog_dump(database_url) == before


async def test_cancelled_in_the_middle(comparing: Comparing, database_url, monkeypatch):
    before = catalog_dump(database_url)
    calls = []

    async def slow(fetch, schemas):
        calls.append(list(schemas))
        scope.cancel()
        await anyio.sleep(60)

    monkeypatch.setattr(scratch_schemas, "read_rows", slow)  # the models are built by then
    with anyio.CancelScope() as scope:
        await comparing.sides(chained_tables(2))
    assert scope.cancelled_caught
    assert len(calls) == 1
    assert not comparing.driver.is_in_transaction()
    assert catalog_dump(database_url) == before


async def test_models_stay_as_they_were(comparing: Comparing):
    metadata = chained_tables(2)
    dialect = sa.create_mock_engine("postgresql://", print).dialect
    tables = list(metadata.tables.values())
    before = [str(sa.schema.CreateTable(table).compile(dialect=dialect)) for table in tables]
    await comparing.sides(metadata)
    await comparing.sides(metadata)
    after = [str(sa.schema.CreateTable(table).compile(dialect=dialect)) for table in tables]
    assert before == after
    assert any("FOREIGN KEY" in sql for sql in after)


async def test_a_read_only_server(comparing: Comparing):
    await comparing.driver.execute("SET default_transaction_read_only = on")
    with pytest.raises(DatabaseError, match="is read-only") as info:
        await comparing.sides(chained_tables(2))
    assert "on the primary" in (info.value.hint or "")


async def test_a_search_path_that_leads_nowhere(comparing: Comparing):
    await comparing.driver.execute("SET search_path = nowhere")
    with pytest.raises(DatabaseError, match="no schema of the search path"):
        await comparing.sides(chained_tables(2))


async def test_partitions_and_extensions_are_left_alone(comparing: Comparing):
    await comparing.driver.execute("CREATE EXTENSION citext; CREATE EXTENSION hstore")
    metadata = sa.MetaData()
    sa.Table("log", metadata, sa.Column("at", sa.Date), postgresql_partition_by="RANGE (at)")
    await comparing.build(metadata)
    await comparing.driver.execute(
        "CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    )
    await comparing.nothing_to_do(await comparing.sides(metadata))


async def test_other_schemas_only_when_asked(comparing: Comparing):
    await comparing.driver.execute("CREATE SCHEMA other; CREATE TABLE other.thing (id int)")
    await comparing.build(chained_tables(2))
    assert ("other", "thing") not in (await comparing.sides(chained_tables(2))).actual.tables
    everything = await comparing.sides(chained_tables(2), include_schemas=True)
    assert ("other", "thing") in everything.actual.tables
