"""Write docs/lint-comparison.md: asyncmig lint and squawk over all hazards, on an embedded server."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import asyncpg

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "lint-comparison.md"
sys.path.insert(0, str(ROOT / "tests"))

from asyncmig import embedded  # noqa: E402 - likewise
from lint_hazards.compare import SETTINGS, compare, page  # noqa: E402 - tests are not installed
from lint_hazards.hazards import HAZARDS  # noqa: E402 - likewise


async def main() -> None:
    """Start a server, compare, and write the page."""
    async with embedded.server(tcp=True) as server:
        admin = await asyncpg.connect(server.url)
        names = [f"hazard_{number}" for number in range(len(HAZARDS) * len(SETTINGS))]
        for name in names:
            await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        urls = iter([server.url.rpartition("/")[0] + f"/{name}" for name in names])
        with tempfile.TemporaryDirectory() as folder:
            verdicts = await compare(Path(folder), lambda: next(urls))
        TARGET.write_text(page(verdicts), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
