"""A worker without a framework: it waits for the schema, then cancels expired reservations.

``DATABASE_URL=postgresql://... python examples/worker/worker.py``

It does not migrate. The service or a job of the deployment does; the worker starts after that.
"""

import asyncio
import contextlib
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
    # a cancellation ends the wait for the schema as well as the pause, and rolls an open sweep back
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    url = os.environ["DATABASE_URL"]
    migrator = Migrator.from_config(SERVICE / "pyproject.toml", url=url)

    async with asyncmig.migrated(migrator, mode="wait"), asyncpg.create_pool(url) as pool:
        while True:
            print("released:", await pool.execute(SWEEP), flush=True)
            await asyncio.sleep(pause)


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
