"""Runs the examples of tutorial and guides, and writes what they print into the pages.

Usage: python scripts/run_pages.py [PAGE ...], where a page is a path below docs/.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from asyncmig.embedded import stop_background  # noqa: E402 - the path comes first
from support.page_script import normalized, run_page, with_output  # noqa: E402 - the path comes first


def update(page: Path) -> None:
    """Run one page; write its output into it if it differs in more than durations and the like."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            commands = run_page(page, Path(folder))
        finally:
            for project in Path(folder).rglob(".asyncmig"):
                stop_background(project / "postgres")
    changed = [one for one in commands if normalized(one.printed) != normalized(one.expected)]
    page.write_text(with_output(page.read_text("utf-8"), changed), encoding="utf-8")
    print(f"{page.relative_to(ROOT)}: {len(commands)} commands, {len(changed)} changed")


if __name__ == "__main__":
    docs = ROOT / "docs"
    chosen = [docs / name for name in sys.argv[1:]]
    for one in chosen or sorted(
        [*(docs / "tutorial").glob("*.md"), *(docs / "how-to").glob("*.md")]
    ):
        update(one)
