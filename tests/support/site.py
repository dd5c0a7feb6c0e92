"""The documentation site: its configuration, and the links of its built pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from scripts.llms_text import site
from scripts.llms_text import text as llms_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["broken_links", "llms_text", "site"]


@dataclass
class _Page(HTMLParser):
    """What a page links to, and the anchors that it has."""

    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {name for name in (found.get("id"), found.get("name")) if name}
        for attribute in ("href", "src"):
            if link := found.get(attribute):
                self.links.append(link)


def broken_links(folder: Path, address: str) -> Iterator[str]:
    """The links of a built site that lead to no file or to no anchor of it.

    Links to other sites are not followed.

    Args:
        folder: where the site was built.
        address: the URL of the site.
    """
    pages: dict[Path, _Page] = {}
    for path in folder.rglob("*.html"):
        pages[path] = _Page()
        pages[path].feed(path.read_text("utf-8"))
    for path, page in sorted(pages.items()):
        where = path.relative_to(folder)
        base = urljoin(address, where.as_posix().removesuffix("index.html"))
        for link in page.links:
            target = urljoin(base, link)
            if not target.startswith(address):
                continue
            parts = urlsplit(target)
            file = folder / unquote(parts.path.removeprefix(urlsplit(address).path))
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                yield f"{where}: {link}"
            elif parts.fragment and file in pages:
                anchor = unquote(parts.fragment)
                if anchor not in pages[file].anchors and not anchor.startswith("__"):
                    yield f"{where}: {link}"
