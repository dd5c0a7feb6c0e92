"""``python -m benchmarks.lint_histories NAME ...``: the linter over the histories inside published packages.

Each history is linted whole without a database (``--all --offline``), and step by step: each revision is
linted with a database at the revision before it, and then applied. Prints the seconds and the number of
findings of each rule as JSON. ``--wheels`` has a folder of each package's wheel; what the scripts import is
looked for in ``--imports``, a folder with a folder for each package.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from asyncmig import Migrator, embedded
from asyncmig.errors import AsyncmigError
from benchmarks.histories import HISTORIES, unpack

if TYPE_CHECKING:
    from asyncmig.results import LintFinding

PACKAGES = ("argilla-server", "dstack", "mlflow", "open-webui")


async def whole(ini: Path) -> dict[str, Any]:
    """All revisions without a database."""
    begun = time.perf_counter()
    result = await Migrator.from_config(ini).lint(all=True, offline=True)
    return {
        "revisions": len(result.revisions),
        "statements": result.statements,
        "seconds": round(time.perf_counter() - begun, 2),
        "rules": dict(Counter(finding.rule for finding in result.findings)),
    }


async def step_by_step(ini: Path, url: str) -> dict[str, Any]:
    """Each revision with a database at the one before it."""
    migrator = Migrator.from_config(ini, url=url)
    found: list[LintFinding] = []
    seconds, stopped = 0.0, None
    revisions = [entry.revision for entry in await migrator.history()][::-1]
    for revision in revisions:
        begun = time.perf_counter()
        found += (await migrator.lint(revision)).findings
        seconds += time.perf_counter() - begun
        try:
            await apply(migrator, revision, url)
        except AsyncmigError as error:
            stopped = f"{revision}: {error}"
            break
    return {
        "revisions": len(revisions),
        "seconds": round(seconds, 2),
        "rules": dict(Counter(finding.rule for finding in found)),
        "stopped": stopped,
    }


async def apply(migrator: Migrator, revision: str, url: str) -> None:
    """One revision; where it counts on types that its own run has created, all up to it in one run."""
    try:
        await migrator.upgrade(revision)
    except AsyncmigError:
        connection = await asyncpg.connect(url)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()
        await migrator.upgrade(revision)


async def measure(package: str, folder: Path, imports: Path | None) -> dict[str, Any]:
    """Both ways of linting a package's history."""
    ini = unpack(package, folder)
    for path in filter(None, (imports, folder)):
        sys.path.append(str(path))
    async with embedded.server(tcp=True) as server:
        if HISTORIES[package].first is not None:
            code = f"import sys; sys.path += {[str(imports), str(folder)]!r}"
            first = [
                sys.executable,
                "-c",
                f"{code}; {_FIRST}",
                HISTORIES[package].first,
                server.url,
            ]
            subprocess.run(first, check=True, capture_output=True)
        return {
            "whole": await whole(ini),
            "step by step": await step_by_step(ini, server.url),
        }


_FIRST = (
    "import importlib; from sqlalchemy import create_engine; module, _, name = sys.argv[1].partition(':');"
    " getattr(importlib.import_module(module), name).metadata.create_all("
    "create_engine(sys.argv[2].replace('postgresql:', 'postgresql+psycopg2:')))"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--imports", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for package in given.packages:
            folder = (given.wheels or Path(scratch)) / package
            folder.mkdir(parents=True, exist_ok=True)
            imports = None if given.imports is None else given.imports / package
            print(json.dumps({package: asyncio.run(measure(package, folder, imports))}), flush=True)


if __name__ == "__main__":
    main()
