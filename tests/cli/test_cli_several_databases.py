"""Several databases on the command line: each under its name, each by name in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Command
    from fix_database import MakeDatabase
    from fix_project import Project


@pytest.fixture
def several(command: Command, project: Project, make_database: MakeDatabase) -> Command:
    text = ""
    for name in ("app", "audit"):
        folder = project.path / name / "versions"
        folder.mkdir(parents=True)
        (folder / "x.py").write_text(
            f'revision = "{name}1"\ndown_revision = None\n'
            f'def upgrade(op):\n    op.execute("CREATE TABLE {name}_t (i int)")\n'
            "def downgrade(op): pass\n"
        )
        text += f'[databases.{name}]\nscript_location = "{name}"\nurl = "{make_database()}"\n'
    (project.path / "asyncmig.toml").write_text(text)
    return command


def test_each_under_its_name(several):
    plan = several("plan", code=0).out
    assert plan.index("app\n") < plan.index("app_t") < plan.index("audit\n") < plan.index("audit_t")
    documents = several("upgrade", "--dry-run", "--json", code=0).document["databases"]
    assert [one["steps"][0]["revision"] for one in documents.values()] == ["app1", "audit1"]
    assert several("status", "--check").code == 3
    ran = several("upgrade", code=0).out.splitlines()
    assert ran[0] == "app"
    assert ran[1].startswith("  upgraded <base> → app1")
    status = several("status", "--json", "--check", code=0).document
    assert (status["state"], status["ok"]) == ("current", True)
    assert status["databases"]["audit"]["current"] == ["audit1"]
    current = several("current", code=0).out
    assert "app\n  app1" in current
    entries = several("log", "--json", code=0).document["entries"]
    assert {entry["database"] for entry in entries} == {"app", "audit"}
    assert "database" in several("log", code=0).out.splitlines()[0]


def test_one_of_them(several):
    assert "app" not in several("upgrade", "-n", "audit", code=0).out
    assert several("status", "-n", "audit", "--json", code=0).document["databases"] == {}
    refused = several("stamp", "head", code=1)
    assert "there are several databases, app, audit" in refused.err
    assert "-n app" in refused.err
    assert several("revision", "-m", "x").code == 1
