"""The documentation site: it builds without a warning, and leads to every page."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml

from support.paths import ROOT

DOCS = ROOT / "docs"


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python functions."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda *_: None)


def pages(nav: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for value in entry.values():
            found += pages(value) if isinstance(value, list) else [value]
    return found


def test_the_navigation_leads_to_every_page_once() -> None:
    config = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Loader)
    listed = pages(config["nav"])
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


@pytest.mark.slow
def test_the_site_builds_without_a_warning() -> None:
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
