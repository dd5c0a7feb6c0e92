"""Alembic in process: ``compare_metadata``; tells the seconds and the queries."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from many_tables import many_tables
from sqlalchemy.ext.asyncio import create_async_engine

order = json.loads(sys.argv[1])
models = many_tables(order["tables"])
sent: list[object] = []


def count(_: object, __: object, statement: str, *___: object) -> None:
    sent.append(statement)


def compared(connection: sa.Connection) -> None:
    options = {"compare_type": True, "compare_server_default": True}
    differences = compare_metadata(MigrationContext.configure(connection, opts=options), models)
    assert not differences, differences[:3]


async def asynchronously(url: str) -> None:
    engine = create_async_engine(url)
    sa.event.listen(engine.sync_engine, "before_cursor_execute", count)
    async with engine.connect() as connection:
        await connection.run_sync(compared)
    await engine.dispose()


def synchronously(url: str) -> None:
    engine = sa.create_engine(url)
    sa.event.listen(engine, "before_cursor_execute", count)
    with engine.connect() as connection:
        compared(connection)
    engine.dispose()


begun = time.perf_counter()
if order["driver"] == "asyncpg":
    asyncio.run(asynchronously(order["url"]))
else:
    synchronously(order["url"])
print(json.dumps([time.perf_counter() - begun, len(sent)]))
