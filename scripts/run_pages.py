"""Runs the examples of tutorial and guides, and writes what they print into the pages.

Usage: python scripts/run_pages.py [PAGE ...], where a page is a path below docs/. The pages that it
continues are run and written with it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from asyncmig.embedded import stop_background  # noqa: E402 - the path comes first
from support.page_script import last_pages, normalized, run_page, with_output  # noqa: E402 - the path comes first


def update(page: Path) -> None:
    """Run one page; write what differs in more than durations and the like into it."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            commands = run_page(page, Path(folder))
        finally:
            for project in Path(folder).rglob(".asyncmig"):
                stop_background(project / "postgres")
    for one in dict.fromkeys([*(command.page for command in commands), page]):
        own = [command for command in commands if command.page == one]
        changed = [c for c in own if normalized(c.printed) != normalized(c.expected)]
        one.write_text(with_output(one.read_text("utf-8"), changed), encoding="utf-8")
        print(f"{one.relative_to(ROOT)}: {len(own)} commands, {len(changed)} changed")


if __name__ == "__main__":
    docs = ROOT / "docs"
    chosen = [docs / name for name in sys.argv[1:]]
    pages = sorted([*(docs / "tutorial").glob("*.md"), *(docs / "how-to").glob("*.md")])
    for last in chosen or last_pages(pages):
        update(last)
