"""Commands start fast because they import little: those on the graph, and those that find nothing pending."""

import json
import subprocess
import sys

import pytest

from fix_project import Project
from support.command import Command
from support.processes import unmeasured

PROGRAM = """
import json, sys
import typer
before = set(sys.modules)
from asyncmig_cli.application import run
code = run({arguments!r})
after = set(sys.modules)
facts = {{"code": code, "new": sorted(after - before), "all": sorted(after)}}
print(json.dumps(facts), file=sys.stderr)
"""

FORBIDDEN = {"sqlalchemy", "asyncpg", "asyncio", "anyio", "rich", "pydantic", "greenlet", "mako"}
MOST_NEW_MODULES = 81
NOT_AT_HEAD = {"sqlalchemy", "greenlet", "mako", "rich", "pydantic"}
MOST_MODULES_AT_HEAD = {"upgrade": 285, "status": 288, "current": 280}  # status compares scripts
OF_THE_LOG = {"logging", "atexit"}
"""What ``-v`` also imports, to show the log of the library."""


@pytest.fixture
def long_history(project: Project) -> Project:
    previous = None
    for number in range(300):
        project.revision(
            f"r{number:04}",
            down=previous,
            header="import sqlalchemy as sa\nfrom asyncmig import op",
            upgrade='op.execute("SELECT 1")',
        )
        previous = f"r{number:04}"
    return project


def imported(command: Command, *arguments: str) -> tuple[set[str], set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=list(arguments))],
        cwd=command.cwd,
        env=unmeasured(command.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(done.stderr.splitlines()[-1])
    assert facts["code"] == 0, done
    return set(facts["new"]), set(facts["all"])


def test_graph_commands_import_no_database_and_no_loop(
    command: Command, long_history: Project
) -> None:
    for arguments in (
        "heads",
        "heads --json",
        "history",
        "history --graph -v",
        "history -r r0100:head",
        "branches",
        "show head",
    ):
        new, all_ = imported(command, *arguments.split())
        assert not {name.partition(".")[0] for name in all_} & FORBIDDEN, arguments
        if "-v" in arguments.split():
            new -= OF_THE_LOG
        assert len(new) <= MOST_NEW_MODULES, (arguments, sorted(new))


def test_a_command_imports_no_other_command(command: Command, project: Project) -> None:
    project.revision("aaaa")
    new, _ = imported(command, "heads")
    prefix = "asyncmig_cli.commands."
    assert {name for name in new if name.startswith(prefix)} == {f"{prefix}heads"}


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", sorted(MOST_MODULES_AT_HEAD))
def test_a_command_that_finds_nothing_pending_imports_no_sqlalchemy(
    name: str, database_command: Command, project: Project
) -> None:
    project.revision("aaaa", upgrade='op.execute("CREATE TABLE a (id int)")')
    database_command("upgrade")
    database_command("status")  # keeps the heads
    new, all_ = imported(database_command, name)
    assert not {module.partition(".")[0] for module in all_} & NOT_AT_HEAD
    assert not {"asyncmig.operations", "asyncmig.ddl", "asyncmig.plan.planner"} & all_
    assert len(new) <= MOST_MODULES_AT_HEAD[name], sorted(new)
