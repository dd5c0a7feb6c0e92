"""Hundreds of wrong calls: a typed error with its exit code, no traceback, nothing changed."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING

import psycopg2
import pytest

from asyncmig_cli.application import run
from asyncmig_cli.explanations.articles import error_types
from asyncmig_cli.output.console import open_console
from fix_project import Project
from scripts.error_pages import exit_code
from support.wrong_calls import WRONG_CALLS, WrongCall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fix_server import TestServer

LOOK = """
SELECT (SELECT array_agg(version_num ORDER BY 1) FROM alembic_version),
       (SELECT count(*) FROM asyncmig_journal WHERE state <> 'failed'),
       (SELECT array_agg(relname::text || relkind::text ORDER BY oid) FROM pg_class WHERE oid > 16384
          AND relkind IN ('r', 'i', 'S', 'v')),
       (SELECT count(*) FROM a),
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Stage:
    """A project with its database, which no call may change."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        self.url = url
        self.connection = psycopg2.connect(url)
        self.connection.autocommit = True

    def look(self) -> object:
        with self.connection.cursor() as cursor:
            cursor.execute(LOOK)
            return cursor.fetchone()

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in self.path.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def call(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        code = run(arguments, open_console(out, err))
        return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer, admin, template_database: str
) -> Iterator[Stage]:
    name = f"test_wrong_calls_{os.getpid()}"
    admin(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    project = Project(tmp_path_factory.mktemp("wrong") / "project")
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    project.revision("aaaa", upgrade="op.execute('CREATE TABLE a (id int)')")
    project.revision("bbbb", down="aaaa", labels="left")
    project.revision("bbcc", message="another base", downgrade=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.path)
        patch.setenv("ASYNCMIG_URL", server.database(name))
        out = io.StringIO()
        assert run(["upgrade"], open_console(out, out)) == 0, out.getvalue()
        stage_ = Stage(project.path, server.database(name))
    yield stage_
    stage_.connection.close()
    admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def stage(prepared: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The prepared project, as it was again afterwards."""
    for variable in list(os.environ):
        if variable.startswith(("ASYNCMIG_", "ALEMBIC_")) or variable in {
            "DATABASE_URL",
            "EDITOR",
            "VISUAL",
        }:
            monkeypatch.delenv(variable)
    monkeypatch.setenv("ASYNCMIG_URL", prepared.url)
    monkeypatch.chdir(prepared.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    files = prepared.files()
    yield prepared
    for name in set(prepared.files()) - set(files):
        (prepared.path / name).unlink()
    for name, content in files.items():
        (prepared.path / name).write_bytes(content)


@pytest.mark.cells(40)
@pytest.mark.parametrize("call", WRONG_CALLS, ids=lambda call: call.name)
def test_a_wrong_call(stage: Stage, call: WrongCall, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (call.files or {}).items():
        (stage.path / name).write_text(
            text, errors="surrogateescape" if "\udcff" in text else "surrogatepass"
        )
    for name, value in (call.environ or {}).items():
        monkeypatch.setenv(name, value)
    files, before = stage.files(), stage.look()
    code, out, err = stage.call("--json", *call.arguments)
    told = (code, out, err)
    assert code == call.code, told
    error = json.loads(out)["error"]
    assert str(code) in {exit_code(error_types()[error["id"]]), "2"}, error
    assert error["message"], error
    assert "\n" not in error["message"], error
    assert not error["message"].startswith("unexpected"), error
    assert error["hint"], error
    assert "Traceback" not in out + err, told
    assert stage.look() == before
    assert stage.files() == files


def test_there_are_enough_of_them() -> None:
    assert len(WRONG_CALLS) >= 200
