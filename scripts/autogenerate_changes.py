"""Write docs/autogenerate-changes.md: each change of tests/model_changes, proved; ``--check`` compares."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "autogenerate-changes.md"
sys.path[:0] = [str(ROOT / "tests")]

from asyncmig import embedded  # noqa: E402 - as what follows
from model_changes import CHANGES  # noqa: E402 - tests are no package that is installed
from model_changes.page import page_of  # noqa: E402 - likewise
from model_changes.proving import Prover, proving_at  # noqa: E402 - likewise


async def proved() -> str:
    """The page, from a server of our own or that of ASYNCMIG_TEST_URL."""
    url = os.environ.get("ASYNCMIG_TEST_URL")
    if url is not None:
        async with proving_at(url) as prover:
            return await _page(prover)
    async with embedded.server(tcp=True) as server, proving_at(server.url) as prover:
        return await _page(prover)


async def _page(prover: Prover) -> str:
    return page_of(
        [
            (group, [(change, await prover.prove(change, thoroughly=True)) for change in changes])
            for group, changes in CHANGES.items()
        ]
    )


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    page = asyncio.run(proved())
    if not check:
        TARGET.write_text(page)
    elif TARGET.read_text() != page:
        print(f"{TARGET} is old: run scripts/autogenerate_changes.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
