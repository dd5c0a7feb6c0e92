"""Completion in bash, zsh and fish: by the shell itself where it is installed, else as its script asks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.command import PROGRAM, Command

if TYPE_CHECKING:
    from fix_project import Project

SHELLS = ("bash", "zsh", "fish")
INTERACTIVE = {
    # the functions that the script calls print what they are given
    "bash": """
        eval "$SCRIPT"
        COMP_WORDS=({words}); COMP_CWORD={index}; COMP_LINE="{line}"
        _asyncmig_completion asyncmig
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ [[ $1 == _asyncmig_completion && $2 == asyncmig ]] || exit 1 }}
        _arguments() {{ print -r -- "$@" }}
        eval "$SCRIPT"
        words=({words}); CURRENT=$(({index} + 1))
        _asyncmig_completion
    """,
    "fish": """
        echo $SCRIPT | source
        complete -C "{line}"
    """,
}
VARIABLES = {
    "bash": ({"_ASYNCMIG_COMPLETE": "complete_bash"}, "COMP_WORDS", "COMP_CWORD"),
    "zsh": ({"_ASYNCMIG_COMPLETE": "complete_zsh"}, "_TYPER_COMPLETE_ARGS"),
    "fish": (
        {"_ASYNCMIG_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        "_TYPER_COMPLETE_ARGS",
    ),
}
"""What the script of each shell sets: constants, then the variables for the words."""


def script(command: Command, shell: str) -> str:
    """What a person writes into the start-up file of a shell."""
    return command(env={"_ASYNCMIG_COMPLETE": f"source_{shell}"}, code=0).out


def offered(command: Command, shell: str, line: str) -> str:
    """What a shell is offered for the last word of a line, as it comes from the shell."""
    words = line.split(" ")
    if shutil.which(shell) is None:
        return protocol(command, shell, line)
    quoted = " ".join(f'"{word}"' for word in words)
    program = INTERACTIVE[shell].format(words=quoted, index=len(words) - 1, line=line)
    folder = os.path.dirname(PROGRAM[0])  # noqa: PTH120 - a text for PATH
    done = subprocess.run(
        [shell, *(["-f"] if shell == "zsh" else []), "-c", program],
        cwd=command.cwd,
        env=command.environ
        | {
            "SCRIPT": script(command, shell),
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(command.cwd),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def protocol(command: Command, shell: str, line: str) -> str:
    """The same, asked as the script of a shell asks."""
    constants, text, *index = VARIABLES[shell]
    words = line.split(" ")
    env = dict(constants) | {text: line} | dict.fromkeys(index, str(len(words) - 1))
    return command(env=env, code=0).out


def names(shell: str, text: str) -> list[str]:
    """The offered words, without their descriptions."""
    if shell == "zsh":
        return [word.replace("\\", "") for word in re.findall(r'[(\s]"((?:[^"\\]|\\.)*?)":', text)]
    return [line.partition("\t")[0] for line in text.splitlines() if line]


@pytest.mark.cells(2)
@pytest.mark.parametrize("ask", [offered, protocol])
@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_revisions(
    command: Command, branched: Project, shell: str, ask
) -> None:
    assert names(shell, ask(command, shell, "asyncmig up")) == ["upgrade"]
    assert names(shell, ask(command, shell, "asyncmig upgrade --dr")) == ["--dry-run"]
    assert names(shell, ask(command, shell, "asyncmig upgrade dd")) == ["dddd"]
    assert {"head", "heads", "base"} <= set(names(shell, ask(command, shell, "asyncmig show ")))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_sets_what_the_command_reads(command: Command, shell: str) -> None:
    text = script(command, shell)
    constants, *variables = VARIABLES[shell]
    for name, value in constants.items():
        assert f"{name}={value}" in text
    assert all(f"{name}=" in text for name in variables)
    assert "asyncmig" in text.strip().splitlines()[-1]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_folder_without_a_project_has_no_revisions_and_no_message(
    command: Command, shell: str
) -> None:
    (command.cwd / "asyncmig.toml").unlink(missing_ok=True)
    assert names(shell, protocol(command, shell, "asyncmig show zz")) == []
