"""The first minute, as README.md shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.command import Command
from support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text(encoding="utf-8")
PART = README.split("## The first minute")[1].split("\n## ")[0]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PART, re.MULTILINE | re.DOTALL)
SCRIPT = next(text for language, text in BLOCKS if language == "python")
CONSOLE = next(text for language, text in BLOCKS if language == "console")
PRINTED = {
    lines.split("\n", 1)[0].split("  #")[0].strip(): lines.split("\n", 1)[1].strip()
    for lines in re.split(r"^\$ ", CONSOLE, flags=re.MULTILINE)[1:]
}


@pytest.fixture
def started(tmp_path: Path, database_url: str) -> Command:
    """A new project with the revision of the example, and a database in place of the private server."""
    command = Command(tmp_path, database_url)
    command("init", "migrations", code=0)
    (tmp_path / "migrations/versions/4f2a9c1d7e30_users.py").write_text(SCRIPT, encoding="utf-8")
    return command


def test_the_plan_is_the_one_that_is_shown(started: Command) -> None:
    assert started("plan", code=0).out.strip() == PRINTED["asyncmig --embedded plan"]


def test_the_upgrade_runs_and_is_logged(started: Command) -> None:
    shown = PRINTED["asyncmig --embedded upgrade"]
    printed = started("upgrade", code=0).out.strip()
    duration = r"\d+(\.\d+)? m?s"
    assert re.sub(duration, "T", printed) == re.sub(duration, "T", shown)
    assert "asyncmig --embedded log" in PRINTED
    assert started("log", code=0).out.count("4f2a9c1d7e30") == 2  # one row for each phase


def test_the_downgrade_leaves_nothing_to_run_but_the_upgrade(started: Command) -> None:
    started("upgrade", code=0)
    started("downgrade", "base", code=0)
    assert started("current", code=0).out == ""
    assert started("plan", code=0).out.strip() == PRINTED["asyncmig --embedded plan"]
