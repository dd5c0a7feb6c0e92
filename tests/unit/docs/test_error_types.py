"""docs/errors.md lists the types of errors that a JSON document can have, and no others."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

import asyncmig
import asyncmig_cli
from asyncmig import errors
from asyncmig.errors import AsyncmigError
from asyncmig_cli import errors as of_the_command_line
from asyncmig_cli.explanations.articles import error_types
from asyncmig_cli.runtime.error_report import documented_type
from scripts.error_pages import TARGET, exit_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

OPTIONAL = (
    "asyncmig.testing",
    "asyncmig.integrations",
    "asyncmig.__main__",
    "asyncmig_cli.__main__",
)
"""Modules that need an extra or run a program when they are imported."""


def modules(package: ModuleType) -> Iterator[str]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.startswith(OPTIONAL):
            yield found.name


def subclasses(kind: type[AsyncmigError]) -> Iterator[type[AsyncmigError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


def test_the_documented_types_are_those_of_the_code():
    for package in (asyncmig, asyncmig_cli):
        for name in modules(package):
            importlib.import_module(name)
    ours = {
        kind
        for kind in subclasses(AsyncmigError)
        if kind.__module__.partition(".")[0] in {"asyncmig", "asyncmig_cli"}
    }
    row = re.compile(r"^\| \[E\d+\]\(#e\d+\) \| `(\w+Error)` \| ([\d, ]+) \|", re.MULTILINE)
    table = row.findall(TARGET.read_text("utf-8"))
    documented = {name for name, _ in table}
    assert documented == {*errors.__all__, *of_the_command_line.__all__}
    assert {documented_type(kind).__name__ for kind in ours} <= documented
    assert {kind.__name__: exit_code(kind) for kind in error_types().values()} == dict(table)
