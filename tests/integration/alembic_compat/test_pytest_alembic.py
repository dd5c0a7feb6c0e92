"""pytest-alembic 0.13 on ``asyncmig.alembic``, in processes where Alembic cannot be imported."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from support.hidden_alembic import hidden_environment

ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool
from models import Base

config = context.config
connectable = config.attributes.get("connection", None)
if connectable is None:
    connectable = engine_from_config(config.get_section("alembic"), poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        process_revision_directives=config.attributes.get("process_revision_directives"),
    )
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class Author(Base):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)
"""
CONFTEST = """
import os
import pytest
import sqlalchemy as sa

@pytest.fixture
def alembic_engine():
    engine = sa.create_engine(os.environ["APP_URL"])
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    yield engine
    engine.dispose()
"""
# its option --test-alembic does not collect with pytest 9; the tests are imported, as its manual has it
OWN = """
import pytest
import sqlalchemy as sa
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)

def test_data_survives(alembic_runner, alembic_engine):
    alembic_runner.migrate_up_before("r2")
    assert alembic_runner.current == "r1"
    alembic_runner.insert_into("author", {"id": 1})
    assert alembic_runner.migrate_up_one() == "r2"
    with alembic_engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM author")).scalar() == "unknown"
    assert alembic_runner.migrate_down_one() == "r1"
    assert alembic_runner.current == "r1"
    assert alembic_runner.roundtrip_next_revision() == "r2"
    assert alembic_runner.heads == ["r2"]
    assert alembic_runner.raw_command("current") == ["r2 (head)\\n"]
    assert alembic_runner.raw_command("heads") == ["r2 (head)\\n"]

def test_a_wrong_target_is_a_runtime_error(alembic_runner):
    with pytest.raises(RuntimeError, match="nowhere"):
        alembic_runner.raw_command("upgrade", "nowhere")
"""


@pytest.fixture
def run(project, database_url):
    """Runs pytest in a project with two revisions; gives its exit code and output."""
    environment = hidden_environment(
        project.path, APP_URL=database_url.replace("postgresql:", "postgresql+psycopg2:")
    )
    (project.script_location / "env.py").write_text(ENV)
    (project.path / "models.py").write_text(MODELS)
    (project.path / "conftest.py").write_text(CONFTEST)
    (project.path / "test_own.py").write_text(OWN)
    (project.path / "pytest.ini").write_text("[pytest]\n")
    (project.path / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
    )
    header = "import sqlalchemy as sa\nfrom alembic import op"
    project.revision(
        "r1",
        header=header,
        signature="def {name}():",
        upgrade="op.create_table('author', sa.Column('id', sa.Integer, primary_key=True))",
        downgrade="op.drop_table('author')",
    )
    project.revision(
        "r2",
        down="r1",
        header=header,
        signature="def {name}():",
        upgrade="""
            op.add_column("author", sa.Column("name", sa.String(80)))
            op.execute("UPDATE author SET name = 'unknown'")
            op.alter_column("author", "name", nullable=False)
        """,
        downgrade='op.drop_column("author", "name")',
    )

    def pytest_(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *arguments],
            cwd=project.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return pytest_


def outcomes(output: str) -> dict[str, str]:
    return dict(re.findall(r"::(test_\w+) (PASSED|FAILED|ERROR)", output))


@pytest.mark.slow
def test_the_four_tests_and_the_project_s_own_pass(run) -> None:
    code, output = run()
    assert outcomes(output) == dict.fromkeys(
        [
            *("test_model_definitions_match_ddl", "test_single_head_revision"),
            *("test_up_down_consistency", "test_upgrade"),
            *("test_data_survives", "test_a_wrong_target_is_a_runtime_error"),
        ],
        "PASSED",
    ), output
    assert code == 0


@pytest.mark.slow
def test_what_is_wrong_is_found(run, project) -> None:
    models = project.path / "models.py"
    models.write_text(models.read_text() + "    born = sa.Column(sa.Date)\n")
    project.revision(
        "r3",
        down="r1",
        header="from alembic import op",
        signature="def {name}():",
        upgrade="op.execute('CREATE TABLE third (i int)')",
        downgrade="raise NotImplementedError",
    )
    code, output = run("-k", "match_ddl or single_head")
    assert outcomes(output)["test_single_head_revision"] == "FAILED"
    assert outcomes(output)["test_model_definitions_match_ddl"] == "FAILED"
    assert 'op.add_column("author", sa.Column("born", sa.Date()' in output.replace("'", '"')
    assert code == 1
