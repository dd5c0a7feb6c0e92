"""What users import, and what importing it costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import asyncmig
from support.processes import unmeasured

ROOT = Path(asyncmig.__file__).parent


def test_all_is_pinned():
    assert asyncmig.__all__ == [
        "AsyncmigError",
        "Decision",
        "Direction",
        "MigrationInfo",
        "Migrator",
        "Operations",
        "Phase",
        "PhaseKind",
        "Plan",
        "RunResult",
        "Settings",
        "Statement",
        "Status",
        "Step",
        "embedded",
        "errors",
        "events",
        "lifespan",
        "migrated",
        "op",
    ]
    assert dir(asyncmig) == asyncmig.__all__


def test_the_version_is_the_installed_one():
    assert asyncmig.__version__ == version("asyncmig")


@pytest.mark.parametrize("name", asyncmig.__all__)
def test_every_name_is_there(name):
    assert getattr(asyncmig, name) is not None


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = asyncmig.nonsense


def test_importing_the_package_imports_nothing_heavy():
    code = "import asyncmig, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"sqlalchemy", "asyncpg", "asyncio", "anyio", "typer"} & set(loaded)


@pytest.mark.parametrize("layer", ["revisions", "sql", "operations", "ddl", "plan", "diff", "lint"])
def test_pure_layers_do_not_import_sqlalchemys_asyncio(layer):
    for path in (ROOT / layer).rglob("*.py"):
        text = path.read_text()
        if "sqlalchemy.ext" not in text:
            continue
        tree = ast.parse(text)
        checking = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
            for node in ast.walk(block)
        }
        for node in ast.walk(tree):
            if id(node) in checking:
                continue
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("sqlalchemy.ext.asyncio") for name in names), path


def test_the_library_owns_no_loop_and_prints_nothing():
    for path in ROOT.rglob("*.py"):
        # a program of its own, which the library starts; and Alembic's API, which is synchronous
        if path.name in {"guard.py", "event_loops.py"}:
            continue
        text = path.read_text()
        if not re.search(r"\b(print|input|run|exit)\(", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"print", "input", "asyncio.run", "anyio.run", "sys.exit"}, (
                    path
                )


FORMER_NAMES = {"check_at", "log"}
MEMBERS = [
    name for name in dir(asyncmig.Migrator) if not name.startswith("_") and name not in FORMER_NAMES
]


@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_of_migrator_says_what_it_raises_and_shows_an_example(name):
    member = getattr(asyncmig.Migrator, name)
    documentation = member.__doc__
    assert "Example::" in documentation
    assert isinstance(member, property) or "Raises:" in documentation


def test_the_methods_of_migrator_that_change_something_say_what_is_committed():
    for name in ("upgrade", "downgrade", "stamp", "ensure_version", "resolve"):
        assert re.search(
            r"commit|transaction", getattr(asyncmig.Migrator, name).__doc__, re.IGNORECASE
        ), name


@pytest.mark.parametrize(
    ("former", "arguments", "now"),
    [("check_at", ("head",), "check_revision"), ("log", (), "journal")],
)
async def test_former_names_of_methods_still_work_with_a_warning(
    monkeypatch, former, arguments, now
):
    async def called(*_):
        return "called"

    migrator = asyncmig.Migrator()
    monkeypatch.setattr(migrator, now, called, raising=True)
    with pytest.warns(DeprecationWarning, match=f"{former} is named {now} now"):
        assert await getattr(migrator, former)(*arguments) == "called"
