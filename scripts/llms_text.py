"""Writes docs/llms.txt, the list of all pages with what each is about, from the navigation of mkdocs.yml.

The format is that of llmstxt.org. Usage: python scripts/llms_text.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGE = DOCS / "llms.txt"
ENOUGH = 70
"""Characters behind which no further sentence is taken."""


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose tags name Python functions."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda *_: None)


def site() -> dict[str, Any]:
    """The configuration of the site."""
    found: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Loader)
    return found


def text(config: dict[str, Any]) -> str:
    """The text of the file."""
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    loose: list[str] = []
    for entry in config["nav"]:
        for title, value in entry.items():
            if isinstance(value, str):
                loose.append(_line(config["site_url"], title, value))
            else:
                lines += ["", f"## {title}", ""]
                lines += [_line(config["site_url"], *one) for one in _pages(value)]
    return "\n".join([*lines[:3], "", *loose, *lines[3:], ""])


def _pages(entries: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        yield from entry.items()


def _line(site_url: str, title: str, page: str) -> str:
    name = page.removesuffix(".md")
    path = name.removesuffix("index") if name.split("/")[-1] == "index" else f"{name}/"
    return f"- [{title}]({site_url}{path}): {_summary(DOCS / page)}"


def _summary(page: Path) -> str:
    """The first sentences of a page, without links, until they say enough."""
    for block in page.read_text("utf-8").split("\n\n"):
        if not block.startswith(("#", "<!--", "```", "|", "!", "- ", "::: ")) and block.strip():
            words = " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", block).split())
            found = ""
            for sentence in re.split(r"(?<=[.:]) (?=[A-Z`])|(?<=\.) (?=asyncmig)", words):
                found = f"{found} {sentence}".lstrip()
                if len(found) > ENOUGH:
                    break
            return found.rstrip(":")
    raise ValueError(f"{page} has no text")


if __name__ == "__main__":
    PAGE.write_text(text(site()), encoding="utf-8")
