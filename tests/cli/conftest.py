"""The command in a project with and without a database."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from support.command import LIMIT, Command, Outcome

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from fix_project import Project


@pytest.fixture
def command(project: Project) -> Command:
    """The command in a native project without a database."""
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    return Command(project.path)


@pytest.fixture
def database_command(project: Project, database_url: str) -> Command:
    """The command in a native project with an empty database of its own."""
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    return Command(project.path, database_url)


@pytest.fixture
def stop() -> Callable[[subprocess.Popen[str], int], Outcome]:
    """Sends a signal to a started command and waits for its end."""

    def send(process: subprocess.Popen[str], number: int = signal.SIGINT) -> Outcome:
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
        return Outcome(process.returncode, out, err)

    return send


@pytest.fixture
def branched(project: Project) -> Project:
    """Two branches that meet, and a base of its own that depends on one of them."""
    project.revision("aaaa", message="first", upgrade='op.execute("CREATE TABLE a (id int)")')
    project.revision("bbbb", down="aaaa", message="left", labels="left")
    project.revision("cccc", down="aaaa", message="right")
    project.revision("dddd", down=("bbbb", "cccc"), message="both")
    project.revision("eeee", message="other", labels="other", depends_on="cccc")
    return project
