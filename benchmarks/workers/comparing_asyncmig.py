"""asyncmig in process: both sides read and compared; tells the seconds and the queries."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import asyncpg
from many_tables import many_tables

from asyncmig.autogenerate.hooks import Hooks
from asyncmig.diff.compare import compare
from asyncmig.diff.entity_settling import Managed, settled_entities
from asyncmig.engine.session import Session
from asyncmig.engine.shadow import read_sides
from asyncmig.engine.shadow_cache import ShadowCache

order = json.loads(sys.argv[1])
models = many_tables(order["tables"])


class Counting(Session):
    queries = 0

    async def send(self, sql: str) -> None:
        self.queries += 1
        await super().send(sql)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        self.queries += 1
        return await super().fetch(query, *args)


async def never() -> None:
    raise AssertionError("nobody asks for SQLAlchemy's connection")


async def main() -> list[float]:
    begun = time.perf_counter()
    connection = await asyncpg.connect(order["url"], statement_cache_size=0)
    session = Counting(connection, never)  # type: ignore[arg-type]  # it is not called
    cache = ShadowCache(Path(order["cache"]))
    sides = await read_sides(session, [models], cache=cache)
    managed = Managed.of(sides.declared, ())
    wanted = settled_entities(sides.actual, sides.wanted, managed, Hooks())
    operations = compare(sides.actual, wanted)
    await connection.close()
    seconds = time.perf_counter() - begun
    assert not operations, operations[:3]
    return [seconds, session.queries]


print(json.dumps(asyncio.run(main())))
