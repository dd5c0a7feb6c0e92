"""``asyncmig embedded``: the private server in the background."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import asyncpg
import pytest

from asyncmig.embedded import find_background, stop_background

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ".asyncmig/postgres"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    yield tmp_path
    stop_background(tmp_path / FOLDER)


def asyncmig(project: Path, *arguments: str, code: int = 0) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "asyncmig", *arguments],
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.endswith("_URL")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result.stderr
    return result.stdout if code == 0 else result.stderr


@pytest.mark.slow
async def test_a_server_in_the_background_from_its_start_to_its_end(project: Path) -> None:
    assert asyncmig(project, "embedded").startswith("not running: .asyncmig/postgres\n")

    started = asyncmig(project, "embedded", "start")
    assert started.startswith("running: PostgreSQL ")
    url = asyncmig(project, "embedded", "url").strip()
    assert url not in started
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept (id integer)")
    await connection.close()

    # commands with --embedded use it
    assert "nothing is pending" in asyncmig(project, "--embedded", "status")
    assert "kept" in asyncmig(project, "embedded", "psql", "--", "-Atc", "\\dt")
    assert asyncmig(project, "embedded", "start") == started
    shown = json.loads(asyncmig(project, "embedded", "--json"))
    assert shown["running"] is True
    assert shown["data_dir"] == str(project / FOLDER)

    assert asyncmig(project, "embedded", "stop") == "stopped the server\n"
    assert asyncmig(project, "embedded", "stop") == "the server is not running\n"
    assert asyncmig(project, "embedded", "url", code=1) == (
        f"error: no server is running in {project / FOLDER}\nhint: asyncmig embedded start\n"
        "see: https://asyncmig.github.io/asyncmig/errors/#e0401 or `asyncmig explain E0401`\n"
    )

    # the data remains, and a temporary server of --embedded sees it
    asyncmig(project, "embedded", "start")
    assert "kept" in asyncmig(project, "embedded", "psql", "--", "-Atc", "\\dt")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"sockets": "/nowhere", "port": 5432}',
        (
            '{"sockets": "/nowhere", "port": 5432, "password": null, "data": "/nowhere/data",'
            ' "bin": "/nowhere", "version": "18.0"}'
        ),
    ],
    ids=["empty", "no object", "incomplete", "of a server that is gone"],
)
def test_a_description_without_a_server_is_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.json").write_text(content)
    assert find_background(tmp_path) is None
    assert stop_background(tmp_path) is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["halt"],
            (
                "error: embedded has no action 'halt'\n"
                "hint: the actions are status, start, stop, url, psql\n"
            ),
        ),
        (["strat"], "error: embedded has no action 'strat'\nhint: did you mean 'start'?\n"),
        (
            ["stop", "now"],
            (
                "error: embedded stop takes no arguments, and was given 'now'\n"
                "hint: only psql takes arguments\n"
            ),
        ),
    ],
)
def test_wrong_calls(project: Path, arguments: list[str], message: str) -> None:
    assert asyncmig(project, "embedded", *arguments, code=2) == message
