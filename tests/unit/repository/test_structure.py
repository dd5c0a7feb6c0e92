"""The layout of the packages: no circles of imports, no crowded folders, no package of one file."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PACKAGES = {"asyncmig": ROOT, "asyncmig_cli": ROOT / "cli"}
MOST_SIBLINGS = 16
# one file for each kind of object, operation or command
OF_ONE_KIND = {
    "asyncmig",  # the packages of the layout
    "asyncmig.ddl.directives",
    "asyncmig.lint.rules",
    "asyncmig.operations.directives",
    "asyncmig_cli.commands",
}
# its one file has the name that scripts import from another package
MIRRORED = {"asyncmig.alembic_compat.enum_facade.sql_commands"}


def modules() -> dict[str, Path]:
    found = {}
    for name, home in PACKAGES.items():
        for path in sorted((home / name).rglob("*.py")):
            dotted = ".".join(path.relative_to(home).with_suffix("").parts)
            found[dotted.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in a module, in blocks and functions too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from statements(child)


def imported_by(name: str, path: Path) -> set[str]:
    """Every import counts: at the top, inside functions, and for types only."""
    found = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return (found & MODULES.keys()) - {name}


@cache
def imports() -> dict[str, set[str]]:
    return {name: imported_by(name, path) for name, path in MODULES.items()}


def children(package: str) -> dict[str, set[str]]:
    """The modules and folders of a package, and which of their siblings each imports."""
    inside: dict[str, set[str]] = {}
    start = f"{package}."
    for name, imported in imports().items():
        if name.startswith(start):
            child = name[len(start) :].split(".")[0]
            siblings = {
                each[len(start) :].split(".")[0] for each in imported if each.startswith(start)
            }
            inside.setdefault(child, set()).update(siblings - {child})
    return inside


ALL_PACKAGES = sorted({name.rpartition(".")[0] for name in MODULES} - {""})


def test_no_module_imports_itself_over_others():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(reversed(error.args[1]))}")


def test_no_circle_among_the_children_of_a_package():
    for package in ALL_PACKAGES:
        try:
            TopologicalSorter(children(package)).prepare()
        except CycleError as error:
            pytest.fail(f"a circle inside {package}: {' -> '.join(reversed(error.args[1]))}")


def test_no_folder_is_crowded():
    siblings = {package: children(package) for package in {*ALL_PACKAGES} - OF_ONE_KIND}
    assert not {
        package: sorted(found) for package, found in siblings.items() if len(found) > MOST_SIBLINGS
    }


def test_a_package_is_more_than_one_file():
    # a file beside __init__ that has code of its own, or two files
    def is_one_file(package: str) -> bool:
        has_code = any(
            not isinstance(node, ast.Expr)
            for node in ast.parse(MODULES[package].read_text(encoding="utf-8")).body
        )
        return len(children(package)) + has_code <= 1

    assert not [package for package in {*ALL_PACKAGES} - MIRRORED if is_one_file(package)]
