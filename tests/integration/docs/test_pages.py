"""The tutorial and the guides, executed as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asyncmig.embedded import stop_background
from support.page_script import normalized, run_page
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = sorted(
    str(page.relative_to(DOCS))
    for folder in ("tutorial", "how-to")
    for page in (DOCS / folder).glob("*.md")
)


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_work_and_print_what_the_page_shows(name: str, tmp_path: Path) -> None:
    try:
        commands = run_page(DOCS / name, tmp_path)
    finally:
        for project in tmp_path.rglob(".asyncmig"):
            stop_background(project / "postgres")
    for command in commands:
        assert normalized(command.printed) == normalized(command.expected), (
            f"docs/{name}:{command.line}: $ {command.text}"
        )
