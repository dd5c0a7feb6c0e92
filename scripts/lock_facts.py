"""Write docs/locks.md from the table of facts; with ``--measure`` make the table first, on servers.

python scripts/lock_facts.py               # the page
python scripts/lock_facts.py --measure     # run tests/lock_cases on PostgreSQL 14 to 18, then the page
python scripts/lock_facts.py --check       # compare the page only
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "asyncmig" / "locks" / "facts.json"
PAGE = ROOT / "docs" / "locks.md"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from servers import NPM_VERSIONS, started  # noqa: E402 - a script beside this one

from lock_cases import CASES  # noqa: E402 - tests are no package that is installed
from lock_cases.measure import measure  # noqa: E402 - likewise
from lock_cases.page import page_of  # noqa: E402 - likewise


async def measured() -> dict[str, dict[str, Any]]:
    """The facts of every case, equal versions together."""
    by_major: dict[int, dict[str, dict[str, Any]]] = {}
    for major in sorted(NPM_VERSIONS):
        async with started(major) as server:
            found, facts = await measure(server.url, CASES)
        assert found == major
        by_major[major] = facts
        print(f"PostgreSQL {major}: {len(facts)} cases", file=sys.stderr)
    table: dict[str, dict[str, Any]] = {}
    for case in CASES:
        groups: list[dict[str, Any]] = []
        for major, facts in by_major.items():
            if case.key not in facts:
                continue
            for group in groups:
                if group["facts"] == facts[case.key]:
                    group["versions"].append(major)
                    break
            else:
                groups.append({"versions": [major], "facts": facts[case.key]})
        table[case.key] = {
            "sql": case.sql,
            "facts": [{"versions": group["versions"], **group["facts"]} for group in groups],
        }
    return table


def written(table: dict[str, dict[str, Any]]) -> str:
    """The table as JSON, one line for each version of a case."""
    entries = []
    for key, entry in table.items():
        facts = ",\n   ".join(json.dumps(each) for each in entry["facts"])
        entries.append(
            f' {json.dumps(key)}: {{\n  "sql": {json.dumps(entry["sql"])},\n  "facts": [\n   {facts}]}}'
        )
    return "{\n" + ",\n".join(entries) + "\n}\n"


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--measure", action="store_true", help="make the table of facts first")
    parser.add_argument("--check", action="store_true", help="only compare the page")
    arguments = parser.parse_args()
    if arguments.measure:
        DATA.write_text(written(asyncio.run(measured())))
    page = page_of(json.loads(DATA.read_text()))
    if not arguments.check:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        print(f"{PAGE} is old: run scripts/lock_facts.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
