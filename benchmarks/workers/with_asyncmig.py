"""asyncmig in process: ``upgrade`` as often as asked, each time with a new ``Migrator``."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time

from asyncmig import Migrator

order = json.loads(sys.argv[1])
for module in (
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "asyncpg",
    "asyncmig.ddl.dialect",  # loaded at the first upgrade otherwise, Alembic's with Alembic
    "asyncmig.database.connections",
    "asyncmig.execution.pending_run",
    "asyncmig.execution.runner",
    "asyncmig.operations.facade",
    "asyncmig.plan.planner",
):
    importlib.import_module(module)


async def main() -> list[float]:
    took = []
    for _ in range(order["calls"]):
        begun = time.perf_counter()
        await Migrator(order["url"], script_location=order["scripts"]).upgrade()
        took.append(time.perf_counter() - begun)
    return took


print(json.dumps(asyncio.run(main())))
