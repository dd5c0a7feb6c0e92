"""Flask-Migrate 4 on ``asyncmig.alembic``, in processes where Alembic cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fix_database import catalog_dump
from support.hidden_alembic import hidden_environment

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import os
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["APP_URL"]
db = SQLAlchemy(app)
migrate = Migrate(app, db)

class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(int(os.environ.get("WIDTH", "256"))))
"""


class Flask:
    """The command ``flask db`` in a project of its own.

    Attributes:
        output: what the last command wrote.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "app.py").write_text(APP)
        self.environment = hidden_environment(
            folder, FLASK_APP="app.py", APP_URL=url.replace("postgresql:", "postgresql+psycopg2:")
        )
        self.output = ""

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """Run a command; gives its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "db", *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        self.output = done.stdout + done.stderr
        assert done.returncode == code, self.output
        return done.stdout

    @property
    def revisions(self) -> list[Path]:
        """The files of revisions, oldest first."""
        folder = self.folder / "migrations" / "versions"
        return sorted(folder.glob("*.py"), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture
def flask(tmp_path, database_url) -> Flask:
    return Flask(tmp_path, database_url)


@pytest.mark.slow
def test_the_real_alembic_is_hidden(flask) -> None:
    code = "import alembic, alembic.command as c; print(alembic.__name__, c.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=flask.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["asyncmig.alembic_compat.facade", "asyncmig.alembic.command"]


@pytest.mark.slow
async def test_migrate_and_upgrade(flask, pg, database_url) -> None:
    flask("init")
    flask("migrate", "-m", "add users")
    (first,) = flask.revisions
    assert 'op.create_table(\n        "user"' in first.read_text()
    flask("upgrade")
    assert await pg.fetchval("SELECT to_regclass('\"user\"')") is not None
    flask("check")
    assert first.stem.partition("_")[0] in flask("current")


@pytest.mark.slow
def test_check_fails_until_nothing_is_pending(flask) -> None:
    flask("init")
    flask("check", code=1)
    flask("migrate")
    flask("check", code=1)
    flask("upgrade")
    flask("check")


@pytest.mark.slow
async def test_a_changed_type_up_and_down(flask, pg, database_url) -> None:
    flask("init")
    flask("migrate")
    flask("upgrade")
    before = catalog_dump(database_url)
    flask("migrate", "-m", "narrower", WIDTH="10")
    flask("upgrade", WIDTH="10")
    assert "character varying(10)" in catalog_dump(database_url)
    flask("downgrade", WIDTH="10")
    assert catalog_dump(database_url) == before


@pytest.mark.slow
def test_nothing_to_migrate_writes_no_file(flask) -> None:
    flask("init")
    flask("migrate")
    flask("upgrade")
    flask("migrate")
    assert len(flask.revisions) == 1


COMMANDS = """
import flask_migrate
from app import app

def show(name, *args, **kwargs):
    print("=====", name)
    getattr(flask_migrate, name)(*args, **kwargs)

with app.app_context():
    flask_migrate.init()
    flask_migrate.migrate(message="add users", rev_id="first1")
    for name in ("heads", "history", "branches", "current"):
        show(name)
    show("show", revision="head")
    show("upgrade", sql=True)
    flask_migrate.revision(message="second", rev_id="second1")
    flask_migrate.revision(message="third", head="first1", splice=True, rev_id="third1")
    show("heads")
    show("branches")
    flask_migrate.merge(message="together", revisions="heads")
    flask_migrate.stamp(revision="heads")
    show("current")
    show("upgrade", revision="nowhere")
"""


@pytest.mark.slow
def test_the_functions(flask) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS],
        cwd=flask.folder,
        env=flask.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    told = [part.split("\n", 1) for part in done.stdout.split("===== ")[1:]]
    assert done.returncode == 1, done.stdout + done.stderr
    assert "nowhere" in done.stderr.splitlines()[-1]
    assert [name for name, _ in told] == [
        *("heads", "history", "branches", "current", "show", "upgrade"),
        *("heads", "branches", "current", "upgrade"),
    ]
    texts = [text for _, text in told]
    assert texts[:4] == ["first1 (head)\n", "<base> -> first1 (head), add users\n", "", ""]
    assert texts[4].startswith("Rev: first1 (head)\nParent: <base>\nPath: ")
    assert 'CREATE TABLE "user"' in texts[5]
    assert sorted(texts[6].splitlines()) == ["second1 (head)", "third1 (head)"]
    assert texts[7].startswith("first1 (branchpoint)\n       -> second1 (head)\n")
    assert texts[8].endswith(" (head) (mergepoint)\n")


@pytest.mark.slow
def test_templates(flask) -> None:
    assert "flask - Single-database configuration for Flask." in flask("list-templates")
    flask("init", "--template", "flask-multidb", "--package")
    assert (flask.folder / "migrations" / "versions" / "__init__.py").is_file()
    flask("init", code=1)
    assert "already exists and is not empty" in flask.output
