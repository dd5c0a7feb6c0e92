"""A process that migrates, for tests that kill it: ``run_migration.py URL FOLDER DIRECTION``.

It says when its run begins; what it exits with is the run's end.
"""

import asyncio
import sys

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError
from asyncmig.events import RunStarted


def tell(event: object) -> None:
    if isinstance(event, RunStarted):
        print("started", flush=True)


async def main(url: str, folder: str, direction: str) -> None:
    migrator = Migrator(url, script_location=folder, lock_wait=120, on_event=tell)
    print("ready", flush=True)
    if direction == "upgrade":
        await migrator.upgrade()
    else:
        await migrator.downgrade("base")


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except AsyncmigError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
