"""Several databases on the command line: each under its name, each by name in JSON."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fix_database import MakeDatabase
    from fix_project import Project
    from support.command import Command


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
    assert several("status", "--list", code=0).out.splitlines()[:2] == ["app", "  [X] app1"]
    states = several("status", "--list", "--json", code=0).document["revisions"]
    assert states["audit"] == [{"revision": "audit1", "message": "", "state": "applied"}]
    current = several("current", code=0).out
    assert "app\n  app1" in current
    entries = several("log", "--json", code=0).document["entries"]
    assert {entry["database"] for entry in entries} == {"app", "audit"}
    assert "database" in several("log", code=0).out.splitlines()[0]


def test_a_new_project_works_as_it_says(command, make_database, tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    told = command("init", "migrations", "--multidb", cwd=folder, code=0).out
    assert "set the urls in asyncmig.toml (or ENGINE1_URL, ENGINE2_URL), then" in told
    env = {"ENGINE1_URL": make_database(), "ENGINE2_URL": make_database()}
    steps = [shlex.split(line) for line in told.splitlines() if line.startswith("  asyncmig ")]
    assert len(steps) == 3
    for _, *arguments in steps:
        command(*arguments, cwd=folder, env=env, code=0)
    status = command("status", "--json", "--check", cwd=folder, env=env, code=0).document
    assert all(one["current"] for one in status["databases"].values())


def test_one_of_them(several):
    assert "app" not in several("upgrade", "-n", "audit", code=0).out
    assert several("status", "-n", "audit", "--json", code=0).document["databases"] == {}
    refused = several("stamp", "head", code=1)
    assert "there are several databases, app, audit" in refused.err
    assert "-n app" in refused.err
    assert several("revision", "-m", "x").code == 1


MODELS = """
import sqlalchemy as sa
app, audit, third = sa.MetaData(), sa.MetaData(), sa.MetaData()
sa.Table("app_t", app, sa.Column("i", sa.Integer))
sa.Table("audit_t", audit, sa.Column("i", sa.BigInteger))
"""


@pytest.fixture
def three(several: Command, project: Project) -> Command:
    """With models, and a third database in the middle, whose server is nowhere."""
    (project.path / "many_models.py").write_text(MODELS)
    path = project.path / "asyncmig.toml"
    text = path.read_text()
    for name in ("app", "audit"):
        text = text.replace(
            f"[databases.{name}]\n", f'[databases.{name}]\ntarget_metadata = "many_models:{name}"\n'
        )
        several("upgrade", "-n", name, code=0)
    third = """[databases.third]
script_location = "app"
url = "postgresql://nobody@127.0.0.1:1/nowhere"
target_metadata = "many_models:third"
"""
    text = text.replace("[databases.audit]", f"{third}[databases.audit]")
    path.write_text(f'prepend_sys_path = ["."]\n{text}')
    return several


def test_one_that_cannot_be_reached_hides_no_other(three):
    found = three("check", code=1)
    assert found.out.splitlines() == [
        "app",
        "  no differences: the database matches the models",
        "",
        "audit",
        "  ~ alter_column audit_t.i: INTEGER -> BIGINT",
        "  different: 1 difference",
    ]
    assert found.err.startswith("error: third: cannot reach")
    for question in ("check head", "status", "current"):
        error = three(*question.split(), "--json", code=1).document["error"]
        assert error["type"] == "ConnectionFailedError"
        assert set(error["fields"]["databases"]) == {"app", "audit"}
        assert error["fields"]["failures"] == {
            "third": {"type": error["type"], "message": error["message"], "hint": error["hint"]}
        }


def test_one_that_is_not_at_head(three, project):
    text = (project.path / "app" / "versions" / "x.py").read_text()
    text = text.replace("down_revision = None", 'down_revision = "app1"')
    (project.path / "app" / "versions" / "y.py").write_text(
        text.replace('n = "app1"', 'n = "app2"', 1)
    )
    found = three("check", code=1)
    assert found.err.startswith("error: third: cannot reach")  # graver than what is only behind
    assert found.out.splitlines()[-2].startswith("  failed: app: the database is pending")
    toml = project.path / "asyncmig.toml"
    kept = toml.read_text().split("[databases.third]")
    toml.write_text(kept[0] + "[databases.audit]" + kept[1].split("[databases.audit]")[1])
    behind = three("check", code=3)
    assert behind.out.splitlines()[0] == "audit"
    assert behind.err.startswith("error: app: the database is pending")
