"""asyncmig in process: ``upgrade`` as often as asked, each time with a new ``Migrator``."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time

from asyncmig import Migrator

order = json.loads(sys.argv[1])
importlib.import_module("sqlalchemy.ext.asyncio")
importlib.import_module("sqlalchemy.dialects.postgresql.asyncpg")
importlib.import_module("asyncpg")


async def main() -> list[float]:
    took = []
    for _ in range(order["calls"]):
        begun = time.perf_counter()
        await Migrator(order["url"], script_location=order["scripts"]).upgrade()
        took.append(time.perf_counter() - begun)
    return took


print(json.dumps(asyncio.run(main())))
