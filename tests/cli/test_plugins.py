"""Plugins: found by entry point, used where the settings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fix_project import Project
    from support.command import Command

DIRECTIVE = """
from asyncmig import Operations
from asyncmig.operations.base.operation import MigrateOperation

@Operations.register_operation("shout")
class ShoutOp(MigrateOperation):
    @classmethod
    def shout(cls, operations, word):
        operations.execute(f"SELECT '{word.upper()}'")
"""
FUNCTION = """
def begin(settings):
    if settings.version_table == "wrong":
        raise ValueError("not with that table")
"""


@pytest.fixture
def installed(project: Project, command: Command) -> Command:
    """A package with two plugins, as pip would leave it."""
    site = project.path / "site"
    info = site / "acme_words-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-words\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(
        "[asyncmig.plugins]\nshout = acme_words\nbegin = acme_begin:begin\n"
    )
    (site / "acme_words.py").write_text(DIRECTIVE)
    (site / "acme_begin.py").write_text(FUNCTION)
    command.site = site
    project.revision("aaaa", upgrade="op.shout('hello')")
    return command


def choose(project: Project, line: str) -> None:
    (project.path / "asyncmig.toml").write_text(f'script_location = "migrations"\n{line}\n')


def test_the_list(installed: Command, project: Project) -> None:
    choose(project, 'plugins = ["shout"]')
    out = installed("list_plugins", code=0).out
    assert "acme-words 1.5" in out
    document = installed("list-plugins", "--json", code=0).document
    assert {one["name"]: one["chosen"] for one in document["plugins"]} == {
        "begin": False,
        "shout": True,
    }
    (project.path / "asyncmig.toml").unlink()
    assert "shout" in installed("list_plugins", code=0).out


def test_without_any(command: Command) -> None:
    assert command("list_plugins", code=0).out == "no plugins are installed\n"


def test_a_chosen_one_brings_its_directive(installed: Command, project: Project) -> None:
    choose(project, 'plugins = ["shout", "begin"]')
    assert "SELECT 'HELLO';" in installed("upgrade", "--sql", code=0).out
    assert installed("validate", "--json", code=0).document["ok"]


def test_one_that_is_not_chosen_does_nothing(installed: Command) -> None:
    assert installed("upgrade", "--sql", "--json", code=1).error["type"] == "ScriptError"


def test_a_database_chooses_for_itself(installed: Command, project: Project) -> None:
    choose(project, '[databases.main]\nplugins = "shout"\n[databases.audit]\nrole = "x"')
    assert "HELLO" in installed("upgrade", "--sql", "-n", "main", code=0).out
    installed("upgrade", "--sql", "-n", "audit", code=1)


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ('plugins = ["shuot"]', "there is no plugin 'shuot'", "did you mean 'shout'?"),
        ('plugins = ["other"]', "there is no plugin 'other'", "install its package"),
        ("plugins = 3", "plugins must be a list of names, not 3", "docs/configuration.md"),
        (
            'plugins = ["begin"]\nversion_table = "wrong"',
            "plugin 'begin' (acme_begin:begin) failed: ValueError: not with that table",
            "the plugin raised this error",
        ),
    ],
)
def test_what_can_be_wrong(installed: Command, project: Project, line, message, hint) -> None:
    choose(project, line)
    error = installed("upgrade", "--sql", "--json", code=1).error
    assert message in error["message"]
    assert hint in error["hint"]
