"""A process that runs the backfills of a database: ``run_backfill.py URL FOLDER WORKERS``."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from asyncmig import Migrator

if TYPE_CHECKING:
    from asyncmig.events import Event


def report(event: Event) -> None:
    if type(event).__name__ == "BackfillStarted":
        print("started", flush=True)


async def main(url: str, folder: str, workers: str) -> None:
    migrator = Migrator(
        url,
        script_location=folder,
        on_event=report,
        backfill_batch_size=50,
        backfill_largest_batch=200,
    )
    await migrator.run_backfills(workers=int(workers))


asyncio.run(main(*sys.argv[1:]))
