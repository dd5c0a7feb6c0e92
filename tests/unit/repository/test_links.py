"""Links between the pages lead to files and headings that exist."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from support.paths import ROOT
from support.site import site

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "https://github.com/asyncmig/asyncmig"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


def prose(page: Path) -> str:
    """The page without its code."""
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    return LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    found: dict[str, int] = {}
    names = set()
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#{1,6} +(.+)$", text, re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        count = found.setdefault(name, 0)
        found[name] += 1
        names.add(f"{name}-{count}" if count else name)
    return names


def target(page: Path, link: str) -> tuple[Path, str] | None:
    """The file of this repository that a link leads to, and its anchor."""
    path, _, anchor = link.partition("#")
    for kind in ("blob", "tree"):
        if path.startswith(f"{REPOSITORY}/{kind}/main/"):
            return ROOT / path.removeprefix(f"{REPOSITORY}/{kind}/main/"), anchor
    if path.startswith(("https://", "http://")):
        return None
    return (page.parent / path if path else page), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in links(page):
        if found := target(page, link):
            path, anchor = found
            assert path.exists(), link
            assert not anchor or anchor in anchors(path), link


def test_the_readme_has_absolute_links_as_the_package_index_shows_it():
    relative = [link for link in links(ROOT / "README.md") if not link.startswith("https://")]
    assert not relative
    assert len(links(ROOT / "README.md")) > 10


def test_every_page_of_the_documentation_is_linked():
    linked = {
        found[0].resolve()
        for page in PAGES
        for link in links(page)
        if (found := target(page, link)) and found[0] != page
    }
    assert set(ROOT.glob("docs/**/*.md")) - linked == {ROOT / "docs/index.md"}


def test_the_urls_of_the_package_are_those_of_this_repository_and_its_site():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    urls = dict(project["urls"])
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    assert urls.pop("Documentation") == site()["site_url"]
    for url in urls.values():
        assert url == REPOSITORY or url.startswith(f"{REPOSITORY}/")
        found = target(ROOT / "pyproject.toml", url)
        assert found is None or found[0].is_file(), url
