"""The tutorial and the guides, executed as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asyncmig.embedded import stop_background
from support.page_script import last_pages, normalized, run_page
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = [
    str(page.relative_to(DOCS))
    for page in last_pages(
        sorted([*(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md")])
    )
]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PAGES)
def test_the_examples_work_and_print_what_the_page_shows(name: str, tmp_path: Path) -> None:
    try:
        commands = run_page(DOCS / name, tmp_path)
    finally:
        for project in tmp_path.rglob(".asyncmig"):
            stop_background(project / "postgres")
    for command in commands:
        assert normalized(command.printed) == normalized(command.expected), (
            f"{command.page.relative_to(ROOT)}:{command.line}: $ {command.text}"
        )
