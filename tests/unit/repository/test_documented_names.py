"""Python names that the pages mention can be imported."""

from __future__ import annotations

import ast
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
PYTHON = re.compile(r"^( *)```(?:python|py)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# in brackets it is a section of an ini file
DOTTED = re.compile(r"(?<![\w./@\[-])asyncmig(?:\.[A-Za-z_]\w*)+")
# a file, a setting of a session, loggers
NOT_PYTHON = {"asyncmig.toml", "asyncmig.committed"}
NOT_PYTHON |= {f"asyncmig.{logger}" for logger in ("cache", "run", "server", "startup", "wait")}


def imported(code: str) -> set[str]:
    """What an example imports from this package, and which of its attributes it uses."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "asyncmig":
            names |= {f"{node.module}:{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node).startswith("asyncmig."):
            names.add(ast.unparse(node))
    return names


def mentioned(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    names = {found.rstrip(".") for found in DOTTED.findall(text)} - NOT_PYTHON
    for _, block in PYTHON.findall(text):
        try:
            names |= imported(textwrap.dedent(block))
        except SyntaxError:  # a part of a function: its dotted names are found above
            continue
    return names


PAGES_WITH_NAMES = {page: names for page in PAGES if (names := mentioned(page))}


@pytest.mark.parametrize("page", PAGES_WITH_NAMES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_what_exists(page):
    missing = []
    for name in sorted(PAGES_WITH_NAMES[page]):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            missing.append(name)
    assert not missing


def test_the_pages_for_users_have_such_names():
    named = {str(page.relative_to(ROOT)) for page in PAGES_WITH_NAMES}
    assert {"README.md", "docs/guide.md", "docs/services.md", "docs/autogenerate.md"} <= named
