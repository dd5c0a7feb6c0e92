"""One tool, one direction, one database: prints where it stopped, as JSON.

``python -m benchmarks.workers.history TOOL INI URL upgrade|downgrade TARGET``
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path


def with_alembic(ini: str, url: str, direction: str, target: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(ini, stdout=io.StringIO())
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    getattr(command, direction)(config, target)


def with_asyncmig(ini: str, url: str, direction: str, target: str) -> None:
    from asyncmig import Migrator
    from asyncmig.config import load

    async def run() -> None:
        await getattr(Migrator(settings=load(Path(ini), url=url)), direction)(target)

    asyncio.run(run())


def main(tool: str, ini: str, url: str, direction: str, target: str) -> None:
    sys.path.insert(0, str(Path(ini).parent))
    error = None
    try:
        if tool == "asyncmig":
            with_asyncmig(ini, url, direction, target)
        else:
            with_alembic(ini, url.replace("postgresql:", f"postgresql+{tool}:"), direction, target)
    except (Exception, SystemExit) as raised:  # noqa: BLE001 - a script may raise anything
        error = f"{type(raised).__name__}: {raised}".strip()
    print(json.dumps({"error": error}))


if __name__ == "__main__":
    main(*sys.argv[1:])
