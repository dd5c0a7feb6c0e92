"""Each thing that goes wrong: its error, that nothing happened, and that the advice helps."""

from __future__ import annotations

import io
import json
import os
import secrets
import subprocess
import sys
from contextlib import closing
from fnmatch import fnmatchcase
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from asyncmig_cli.application import run
from asyncmig_cli.explanations.error_cases import CASES
from asyncmig_cli.output.console import open_console
from support.paths import ROOT

SCRIPT = ROOT / "scripts" / "error_pages.py"
ROLE = f"asyncmig_role_{secrets.token_hex(4)}"


def call(line: str, *options: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run([*line.split(), *options], open_console(out, err))
    return code, out.getvalue(), err.getvalue()


def another(url: str, *, user: str = "", port: int = 0, database: str = "") -> str:
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    if user:
        login = f"{user}:secret-word"
    if port:
        host = f"localhost:{port}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}", path=database or parts.path))


@pytest.fixture
def role(admin):
    admin(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'secret-word'")
    yield ROLE
    admin(f"DROP ROLE {ROLE}")


@pytest.fixture
def wrong_url(case, database_url, role, admin):
    """The URL as the case has it wrong."""
    match case.url:
        case "":
            yield database_url
        case "port":
            yield another(database_url, port=1)
        case "user":
            yield another(database_url, user="asyncmig_nobody")
        case "database":
            yield another(database_url, database="/asyncmig_nowhere")
        case "limited":
            admin(f"ALTER ROLE {role} CONNECTION LIMIT 0")
            yield another(database_url, user=role)
        case "reader":
            with closing(psycopg2.connect(database_url)) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(f"GRANT ALL ON SCHEMA public TO {role}")
            yield another(database_url, user=role)
            with closing(psycopg2.connect(database_url)) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP OWNED BY {role}")


def write(project, case, scripts) -> None:
    below = None
    for revision, body in scripts.items():
        project.revision(
            revision,
            down=case.parents.get(revision, below),
            upgrade=body,
            header="import sqlalchemy as sa",
        )
        below = revision


@pytest.mark.cells(4)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.row} {case.title}".strip())
def test_what_where_what_next(case, project, database_url, wrong_url, monkeypatch) -> None:
    for variable in [name for name in os.environ if name.startswith(("ASYNCMIG_", "ALEMBIC_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(project.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (project.path / "asyncmig.toml").write_text(f'script_location = "migrations"\n{case.config}\n')
    write(project, case, case.scripts)
    monkeypatch.setenv("ASYNCMIG_URL", wrong_url)
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            if case.before:
                cursor.execute(case.before)
            if case.held:
                cursor.execute(f"BEGIN; {case.held}")
            code, out, err = call(case.call, "--json")
            assert code == case.code, (out, err)
            error = json.loads(out)["error"]
            assert error["type"] == case.kind
            assert fnmatchcase(error["message"], case.message), error["message"]
            assert fnmatchcase(error["hint"], case.hint), error["hint"]
            assert "Traceback" not in err
            assert "secret-word" not in out + err
            if case.held:
                cursor.execute("ROLLBACK")
            if case.cleaned:
                cursor.execute(case.cleaned)
    if not (case.cured or case.cure or case.cleaned or case.held or case.url == "reader"):
        return
    write(project, case, case.cured)
    monkeypatch.setenv("ASYNCMIG_URL", database_url)
    code, out, err = call(case.cure or case.call)
    assert code == 0, (out, err)
    assert "current" in call("status")[1]


def test_every_row_has_a_case() -> None:
    assert {case.row for case in CASES if case.row} == {f"K{number}" for number in range(1, 14)}


def test_the_page_is_up_to_date() -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--check"], check=True, timeout=60)
