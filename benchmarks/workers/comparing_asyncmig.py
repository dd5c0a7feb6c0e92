"""asyncmig in process: a whole ``check``; tells the seconds and the queries."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from many_tables import many_tables

from asyncmig import Migrator
from asyncmig.autogenerate.compare import Autogenerate
from asyncmig.database.session import Session

order = json.loads(sys.argv[1])
os.environ["XDG_CACHE_HOME"] = order["cache"]
scripts = Path(order["cache"], "migrations")
scripts.joinpath("versions").mkdir(parents=True, exist_ok=True)
models = many_tables(order["tables"])
assert Autogenerate  # imported before the clock runs, as Alembic is
queries = 0
fetch, send = Session.fetch, Session.send


async def fetched(self: Session, query: str, *args: object) -> Any:
    global queries  # noqa: PLW0603 - one count for the process
    queries += 1
    return await fetch(self, query, *args)


async def sent(self: Session, sql: str) -> None:
    global queries  # noqa: PLW0603 - same
    queries += 1
    await send(self, sql)


Session.fetch, Session.send = fetched, sent  # type: ignore[method-assign]


async def main() -> list[float]:
    migrator = Migrator(order["url"], script_location=scripts, target_metadata=models)
    begun = time.perf_counter()
    found = await migrator.check()
    seconds = time.perf_counter() - begun
    assert found.ok, found
    return [seconds, queries]


print(json.dumps(asyncio.run(main())))
