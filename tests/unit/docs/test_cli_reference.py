"""The commands explain themselves, and docs/cli.md says the same."""

import shlex
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from asyncmig_cli.application import application
from asyncmig_cli.commands import COMMANDS, canonical_name
from asyncmig_cli.options.shared_options import SHARED
from support.paths import ROOT


def command(name: str) -> Any:
    group: Any = application()
    return group.get_command(None, name)


def test_the_reference_is_up_to_date() -> None:
    script = ROOT / "scripts" / "cli_reference.py"
    subprocess.run([sys.executable, str(script), "--check"], check=True, timeout=60)


def test_every_module_of_a_command_is_in_the_list() -> None:
    folder = ROOT / "cli" / "asyncmig_cli" / "commands"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_calls_that_the_command_takes(name: str) -> None:
    examples = import_module(f"asyncmig_cli.commands.{name}").EXAMPLES
    assert examples
    for line in examples:
        words = shlex.split(line.partition(" > ")[0])
        words = words[words.index("asyncmig") :]
        assert words[:2] == ["asyncmig", name]
        command(name).make_context(name, words[2:])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    found = command(name)
    assert found.help
    for parameter in found.params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_shared_options(name: str) -> None:
    names = {parameter.name for parameter in command(name).params}
    assert {f"shared_{one}" for one in SHARED} <= names
    assert "show_version" in names


def test_both_spellings_of_a_name() -> None:
    assert canonical_name("ensure-version") == canonical_name("ensure_version") == "ensure_version"
    assert canonical_name("ensureversion") is None
