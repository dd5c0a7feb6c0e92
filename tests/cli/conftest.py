"""The command in a project with and without a database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.command import Command, Forks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_project import Project


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks | None]:
    """Where calls are forked from; None where the coverage of processes is measured."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:  # a fork would write no data
        yield None
        return
    with Forks() as started:
        yield started


@pytest.fixture
def command(project: Project, forks: Forks | None) -> Iterator[Command]:
    """The command in a native project without a database."""
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    made = Command(project.path, forks=forks)
    with made.processes:
        yield made


@pytest.fixture
def database_command(project: Project, database_url: str, forks: Forks | None) -> Iterator[Command]:
    """The command in a native project with an empty database of its own."""
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    made = Command(project.path, database_url, forks)
    with made.processes:
        yield made


@pytest.fixture
def branched(project: Project) -> Project:
    """Two branches that meet, and a base of its own that depends on one of them."""
    project.revision("aaaa", message="first", upgrade='op.execute("CREATE TABLE a (id int)")')
    project.revision("bbbb", down="aaaa", message="left", labels="left")
    project.revision("cccc", down="aaaa", message="right")
    project.revision("dddd", down=("bbbb", "cccc"), message="both")
    project.revision("eeee", message="other", labels="other", depends_on="cccc")
    return project
