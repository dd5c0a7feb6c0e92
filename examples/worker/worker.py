"""A worker without a framework: it waits for the schema, then cancels expired reservations.

``DATABASE_URL=postgresql://... python examples/worker/worker.py``

It does not migrate. The service or a job of the deployment does; the worker starts after that.
"""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg

import asyncmig
from asyncmig import Migrator

SERVICE = Path(__file__).parents[1] / "fastapi_service"
SWEEP = """
WITH expired AS (
    UPDATE boxoffice.booking SET status = 'cancelled', expires_at = NULL
    WHERE status = 'reserved' AND expires_at < now()
    RETURNING id
)
UPDATE boxoffice.ticket SET released_at = now()
FROM expired WHERE ticket.booking_id = expired.id AND ticket.released_at IS NULL
"""


async def main(pause: float = 60.0) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    url = os.environ["DATABASE_URL"]
    migrator = Migrator.from_config(SERVICE / "pyproject.toml", url=url)

    async with asyncmig.migrated(migrator, mode="wait"), asyncpg.create_pool(url) as pool:
        while not stopped.is_set():
            print("released:", await pool.execute(SWEEP), flush=True)
            try:
                await asyncio.wait_for(stopped.wait(), pause)
            except TimeoutError:
                continue


if __name__ == "__main__":
    asyncio.run(main())
