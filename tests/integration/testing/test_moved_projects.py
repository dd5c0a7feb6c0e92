"""Projects that are written for pytest-alembic run with asyncmig's plugin instead, unchanged.

The projects have the shapes of pytest-alembic's examples: each is what its name says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fix_server import TestServer

INI = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql://unused\n"
ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool
from models import Base

connectable = context.config.attributes.get("connection", None)
if connectable is None:
    connectable = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, include_schemas={schemas})
    with context.begin_transaction():
        context.run_migrations()
"""
ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import async_engine_from_config
from models import Base

def migrate(connection):
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    section = dict(context.config.get_section("alembic"))
    section["sqlalchemy.url"] = section["sqlalchemy.url"].replace("postgresql:", "postgresql+asyncpg:")
    engine = async_engine_from_config(section)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()

asyncio.run(main())
"""
MODELS = """
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base = declarative_base()

class Book(Base):
    __tablename__ = "book"
    {schema}
    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.Text)
"""
FIRST = (
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True))",
    "op.drop_table('book')",
)
SECOND = "op.add_column('book', sa.Column('title', sa.Text))", "op.drop_column('book', 'title')"
TITLES = "op.execute(\"UPDATE book SET title = 'book ' || id\")", "pass"
OWN_ENGINE = """
import os, pytest, sqlalchemy as sa

@pytest.fixture
def alembic_engine():
    engine = sa.create_engine(os.environ["OWN_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    yield engine
    engine.dispose()
"""
ASYNC_ENGINE = """
import os, pytest
from sqlalchemy.ext.asyncio import create_async_engine

@pytest.fixture
def alembic_engine():
    return create_async_engine(os.environ["OWN_URL"].replace("postgresql:", "postgresql+asyncpg:"))
"""
STEPS = """
from sqlalchemy import text

def test_up_to_and_down(alembic_runner, alembic_engine):
    alembic_runner.migrate_up_to("aaaa")
    with alembic_engine.begin() as connection:
        connection.execute(text("INSERT INTO book (id) VALUES (7)"))
    alembic_runner.migrate_up_before("cccc")
    assert alembic_runner.current == "bbbb"
    assert alembic_runner.migrate_up_one() == "cccc"
    with alembic_engine.connect() as connection:
        assert connection.execute(text("SELECT title FROM book")).scalar() == "book 7"
    alembic_runner.migrate_down_before("aaaa")
    assert alembic_runner.current == "bbbb"
    alembic_runner.migrate_down_to("base")
    assert alembic_runner.current == "base"
    assert alembic_runner.roundtrip_next_revision() == "aaaa"
"""
CONFIG = """
import pytest

@pytest.fixture
def alembic_config():
    return {config}
"""


@dataclass
class Shape:
    """A project and what its tests give."""

    revisions: Mapping[str, tuple[str | None, tuple[str, str]]] = field(
        default_factory=lambda: {
            "aaaa": (None, FIRST),
            "bbbb": ("'aaaa'", SECOND),
            "cccc": ("'bbbb'", TITLES),
        }
    )
    expected: dict[str, int] = field(default_factory=lambda: {"passed": 12})
    conftest: str = ""
    tests: str = ""
    env: str = ENV.format(schemas=False)
    models: str = MODELS.format(schema="")
    ini: str = ""
    folder: str = "tests"
    arguments: tuple[str, ...] = ("--test-alembic", "--alembic-exclude", "test_lint")
    message: str = ""


SINGLE_HEAD = {"aaaa": (None, FIRST)}
BOOK_IN_SCHEMA = (
    "op.create_table('book', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('title', sa.Text), schema='s')"
)
BOTH = FIRST[0] + "; " + SECOND[0]
SHAPES = {
    "steps of its own": Shape(tests=STEPS, expected={"passed": 13}),
    "an engine of its own": Shape(tests=STEPS, conftest=OWN_ENGINE, expected={"passed": 13}),
    "an asynchronous engine and env.py": Shape(
        conftest=ASYNC_ENGINE,
        env=ASYNC_ENV,
        tests="def test_up(alembic_runner):\n    assert alembic_runner.migrate_up_to('head') == 'cccc'\n",
        expected={"passed": 13},
    ),
    "rows before and at revisions": Shape(
        conftest=CONFIG.format(
            config='{"before_revision_data": {"bbbb": [{"__tablename__": "book", "id": 9}]},'
            ' "at_revision_data": {"bbbb": {"__tablename__": "public.book", "id": 10, "title": "x"}}}'
        ),
        tests=(
            "def test_rows(alembic_runner):\n"
            "    alembic_runner.migrate_up_to('heads')\n"
            "    rows = alembic_runner.fetch('SELECT title FROM book ORDER BY id')\n"
            "    assert [row[0] for row in rows] == ['book 9', 'book 10']\n"
        ),
        expected={"passed": 13},
    ),
    "a Config object": Shape(
        conftest="import alembic.config\n"
        + CONFIG.format(config='alembic.config.Config("other.ini")').replace(
            "    return", "    config ="
        )
        + '    config.set_main_option("script_location", "migrations")\n    return config\n',
    ),
    "a skipped revision": Shape(
        revisions={
            "aaaa": (None, (BOTH, FIRST[1])),
            "bbbb": ("'aaaa'", ("raise ValueError('never')", "raise ValueError('never')")),
            "cccc": ("'bbbb'", ("pass", "pass")),
        },
        conftest=CONFIG.format(config='{"skip_revisions": ["bbbb"]}'),
    ),
    "no downgrades below a revision": Shape(
        revisions={
            "aaaa": (None, (FIRST[0], "raise NotImplementedError")),
            "bbbb": ("'aaaa'", (SECOND[0], "raise ValueError('never')")),
            "cccc": ("'bbbb'", TITLES),
        },
        conftest=CONFIG.format(config='{"minimum_downgrade_revision": "bbbb"}'),
    ),
    "a schema": Shape(
        revisions={
            "aaaa": (
                None,
                (
                    f"op.execute('CREATE SCHEMA s'); {BOOK_IN_SCHEMA}",
                    "op.drop_table('book', schema='s'); op.execute('DROP SCHEMA s')",
                ),
            ),
            "bbbb": ("'aaaa'", ("op.execute(\"UPDATE s.book SET title = 'x'\")", "pass")),
        },
        conftest=CONFIG.format(
            config='{"before_revision_data": {"bbbb": {"__tablename__": "s.book", "id": 9}}}'
        ),
        env=ENV.format(schemas=True),
        models=MODELS.format(schema='__table_args__ = {"schema": "s"}'),
        expected={"passed": 9},
    ),
    "branches with a merge": Shape(
        revisions={
            "aaaa": (None, FIRST),
            "bbbb": ("'aaaa'", SECOND),
            "cccc": ("'aaaa'", ("op.execute('SELECT 1')", "pass")),
            "dddd": ("('bbbb', 'cccc')", ("pass", "pass")),
        },
        expected={"passed": 15},
    ),
    "two heads": Shape(
        revisions={
            "aaaa": (None, FIRST),
            "bbbb": ("'aaaa'", SECOND),
            "cccc": ("'aaaa'", ("op.execute('SELECT 1')", "pass")),
        },
        expected={"passed": 11, "failed": 1},
        message="the history has 2 heads",
    ),
    "an empty history": Shape(
        revisions={},
        models="import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n"
        "Base = declarative_base()\n",
        expected={"passed": 6},
    ),
    "models out of step": Shape(
        revisions=SINGLE_HEAD,
        expected={"passed": 5, "failed": 1},
        message="add_column book.title",
    ),
    "a failing upgrade": Shape(
        revisions={**SINGLE_HEAD, "bbbb": ("'aaaa'", ("op.execute('SELECT 1 / 0')", "pass"))},
        arguments=("--test-alembic", "--alembic-exclude", "model_definitions_match_ddl,test_lint"),
        expected={"passed": 5, "failed": 3},
        message="division by zero",
    ),
    "a failing downgrade": Shape(
        revisions={"aaaa": (None, (BOTH, FIRST[1])), "bbbb": ("'aaaa'", ("pass", "1 / 0"))},
        expected={"passed": 8, "failed": 1},
        message="revision bbbb: the downgrade failed",
    ),
    "a downgrade that leaves a trace": Shape(
        revisions={
            "aaaa": (None, FIRST),
            "bbbb": (
                "'aaaa'",
                ("op.execute('ALTER TABLE book ADD COLUMN IF NOT EXISTS title text')", "pass"),
            ),
        },
        expected={"passed": 8, "failed": 1},
        message="revision bbbb: after upgrade and downgrade the schema differs",
    ),
    "its ini keys, in another folder": Shape(
        ini="pytest_alembic_include = upgrade single_head_revision\n"
        "pytest_alembic_tests_path = checks/conftest.py\n",
        folder="checks",
        arguments=("--test-alembic",),
        expected={"passed": 2},
    ),
    "an engine for SQLite": Shape(
        conftest="import pytest, sqlalchemy as sa\n@pytest.fixture\ndef alembic_engine():\n"
        "    return sa.create_engine('sqlite://')\n",
        tests="def test_up(alembic_runner):\n    alembic_runner.migrate_up_to('heads')\n",
        arguments=(),
        expected={"error": 1},
        message="the fixture alembic_engine returns an engine for sqlite; asyncmig migrates PostgreSQL",
    ),
    "a configuration that needs fixtures": Shape(
        conftest="import pytest\n@pytest.fixture\ndef alembic_config(tmp_path):\n    return {}\n",
        tests="def test_up(alembic_runner):\n    alembic_runner.migrate_up_to('heads')\n",
        arguments=(),
        expected={"error": 1},
        message='rename it to asyncmig_config, and give it the scope "session"',
    ),
    "keys and methods that are not supported": Shape(
        conftest=CONFIG.format(config='{"process_revision_directives": print}'),
        tests="def test_up(alembic_runner):\n    pass\n",
        arguments=(),
        expected={"error": 1},
        message="asyncmig_config does not take 'process_revision_directives' of pytest-alembic",
    ),
    "commands by name": Shape(
        tests="def test_a(alembic_runner):\n    alembic_runner.raw_command('current')\n\n"
        "def test_b(alembic_runner):\n    alembic_runner.generate_revision(message='x')\n",
        arguments=(),
        expected={"failed": 2},
        message="current: commands of Alembic are not run by name",
    ),
}


def write(folder: Path, shape: Shape) -> None:
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (folder / shape.folder).mkdir()
    (folder / "alembic.ini").write_text(INI)
    (folder / "other.ini").write_text(INI.replace("= migrations", "= elsewhere"))
    (folder / "migrations/env.py").write_text(shape.env)
    (folder / "models.py").write_text(shape.models)
    (folder / "pytest.ini").write_text(f"[pytest]\n{shape.ini}")
    (folder / shape.folder / "conftest.py").write_text(shape.conftest)
    (folder / shape.folder / "test_own.py").write_text(shape.tests)
    for name, (down, (up, back)) in shape.revisions.items():
        (versions / f"{name}_x.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '{name}'\n"
            f"down_revision = {down}\n\n\ndef upgrade():\n    {up}\n\n\ndef downgrade():\n    {back}\n"
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_the_project_has_the_same_outcomes(
    tmp_path: Path, server: TestServer, database_url: str, name: str
) -> None:
    shape = SHAPES[name]
    write(tmp_path, shape)
    plugins = ("-p", "no:pytest_alembic", "-p", "no:cacheprovider", "-p", "no:xdist")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--color=no", *shape.arguments],
        cwd=tmp_path,
        env=os.environ | {"ASYNCMIG_TEST_URL": server.url, "OWN_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    closing = re.findall(r"^=+ (.* in [\d.]+s.*?) =+$", done.stdout, re.MULTILINE)
    counted = re.findall(r"(\d+) (passed|failed|error)", closing[-1] if closing else "")
    assert {word: int(number) for number, word in counted} == shape.expected, done.stdout
    assert shape.message in done.stdout, done.stdout
