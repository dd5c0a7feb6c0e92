"""asyncpg alone: connect, send the SQL as one simple query, disconnect."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import asyncpg

order = json.loads(sys.argv[1])
sql = order["sql"] or Path(order["file"]).read_text(encoding="utf-8")


async def main() -> list[float]:
    took = []
    for _ in range(order["calls"]):
        begun = time.perf_counter()
        connection = await asyncpg.connect(order["url"])
        await connection.execute(sql)
        await connection.close()
        took.append(time.perf_counter() - begun)
    return took


print(json.dumps(asyncio.run(main())))
