"""The documentation site: it builds without a warning, and leads to every page."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.paths import ROOT
from support.site import broken_links, llms_text, site

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


def pages(nav: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for value in entry.values():
            found += pages(value) if isinstance(value, list) else [value]
    return found


def test_the_navigation_leads_to_every_page_once() -> None:
    listed = pages(site()["nav"])
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_llms_txt_names_every_page_and_is_up_to_date() -> None:
    written = (DOCS / "llms.txt").read_text("utf-8")
    assert written == llms_text(site()), "run `make docs`"
    assert written.count("\n- [") == len(pages(site()["nav"]))


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "index.html").write_text('<a id="top" href="guide/#phases">ok</a>')
    (tmp_path / "guide/index.html").write_text(
        '<h2 id="phases"></h2><a href="../#top"></a><a href="../#end"></a><img src="no.svg">'
        '<a href="https://example.org/no"></a><a href="/site/lost/"></a>'
    )
    assert list(broken_links(tmp_path, "https://docs.example.org/site/")) == [
        "guide/index.html: ../#end",
        "guide/index.html: no.svg",
        "guide/index.html: /site/lost/",
    ]


@pytest.mark.slow
def test_the_site_builds_without_a_warning_or_a_broken_link() -> None:
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout
    assert "No issues found" in built.stderr
    page = (ROOT / "build/site/reference/api/index.html").read_text("utf-8")
    assert 'id="asyncmig.Migrator.upgrade"' in page
    assert (ROOT / "build/site/search.json").stat().st_size > 100_000
    assert (ROOT / "build/site/llms.txt").is_file()
    assert list(broken_links(ROOT / "build/site", site()["site_url"])) == []
