"""Help, versions and completion."""

from importlib import import_module

import pytest

from asyncmig_cli.commands import COMMANDS
from fix_project import Project
from support.command import Command, plain


@pytest.mark.cells(2)
@pytest.mark.parametrize("name", ["upgrade", "ensure-version", "list_templates"])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_has_an_example(command: Command, name: str, option: str) -> None:
    out = command(name, option, env={"COLUMNS": "100"}, code=0).out
    assert "Examples" in out
    assert f"asyncmig {name.replace('-', '_')}" in out
    assert "--raiseerr" in out


@pytest.mark.cells(8)
@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_of_80_columns_and_40_lines(command: Command, name: str) -> None:
    lines = command(name, "--help", env={"COLUMNS": "80"}, code=0).out.splitlines()
    assert len(lines) <= 40
    examples = import_module(f"asyncmig_cli.commands.{name}").EXAMPLES
    for line, meaning in examples.items():
        wanted = f"{line} # {meaning}".split()
        assert any(shown.split() == wanted for shown in lines), line


def test_help_of_a_topic_and_of_a_command(command: Command) -> None:
    options = command("help", "options", code=0).out
    for name in ("-c, --config FILE", "-x KEY=VALUE", "--progress/--no-progress", "--version"):
        assert name in options
    assert command("help", code=0).out == options
    assert "label" not in command("help", "exit-codes", code=0).out
    assert command("help", "targets", "--json", code=0).document["topic"] == "targets"
    assert command("help", "stamp", code=0).out == command("stamp", "--help", code=0).out
    refused = command("help", "nonsense", code=2)
    assert refused.err.startswith("error: there is no help about 'nonsense'\n")


def test_the_list_of_commands(command: Command) -> None:
    out = command("--help", code=0).out
    for name in COMMANDS:
        assert f" {name} " in out


def test_help_fits_a_narrow_terminal(command: Command) -> None:
    out = plain(command.terminal("upgrade", "-h", columns=60).out)
    assert max(map(len, out.splitlines())) <= 60


@pytest.mark.parametrize(
    "arguments", [["--version"], ["heads", "--version"], ["downgrade", "--version"]]
)
def test_version_before_and_after_the_command(command: Command, arguments: list[str]) -> None:
    assert command(*arguments, code=0).out.startswith("asyncmig 0.")
    document = command(*arguments, "--json", code=0).document
    assert set(document) == {"asyncmig", "python"}


def complete(command: Command, words: str) -> list[str]:
    """What bash is offered for the last of ``words``."""
    place = str(len(words.split(" ")) - 1)
    env = {"_ASYNCMIG_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": place}
    return command(env=env).out.split()


def test_completion_of_commands_and_options(command: Command) -> None:
    assert complete(command, "asyncmig up") == ["upgrade"]
    assert "--dry-run" in complete(command, "asyncmig upgrade --d")


def test_completion_of_revisions(command: Command, branched: Project) -> None:
    assert complete(command, "asyncmig upgrade dd") == ["dddd"]
    assert complete(command, "asyncmig show le") == ["left@head"]
    assert "base" in complete(command, "asyncmig stamp ")


def test_completion_in_no_project_offers_nothing(command: Command, project: Project) -> None:
    (project.path / "asyncmig.toml").unlink()
    assert complete(command, "asyncmig upgrade dd") == []
