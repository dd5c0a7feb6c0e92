"""The pytest plugin, in projects of its own: a pytest process runs their tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fix_server import TestServer

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def asyncmig_config():
    return {config}
"""
SHOP = {
    "0001": (
        "None",
        "op.execute('CREATE TABLE users (id int PRIMARY KEY, name text)')",
        "op.drop_table('users')",
    ),
    "0002": (
        "'0001'",
        "op.execute('ALTER TABLE users ADD COLUMN email text')",
        "op.drop_column('users', 'email')",
    ),
    "0003": (
        "'0002'",
        "op.execute('CREATE INDEX ON users (email)')",
        "op.execute('DROP INDEX users_email_idx')",
    ),
}


UNUSED = [f"-pno:{name}" for name in ("faker", "hypothesispytest", "pytest_cov")]
"""Plugins of other packages: their imports take half of the time of such a run."""


@dataclass(frozen=True)
class Result:
    code: int
    out: str

    def outcomes(self) -> dict[str, int]:
        last = re.findall(r"^(?:=+ )?(\d+ .* in [\d.]+s.*)$", self.out, re.MULTILINE)[-1]
        return {
            word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last.split(" in ")[0])
        }


class Project:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        (folder / "migrations/versions").mkdir(parents=True)
        (folder / "tests").mkdir()
        (folder / "asyncmig.toml").write_text('script_location = "migrations"\n')
        for revision, parts in SHOP.items():
            self.revision(revision, *parts)

    def revision(self, name: str, down: str, up: str, back: str = "pass") -> None:
        (self.folder / f"migrations/versions/{name}_x.py").write_text(
            f"revision = '{name}'\ndown_revision = {down}\n\n"
            f"def upgrade(op):\n    {up}\n\n\ndef downgrade(op):\n    {back}\n"
        )

    def tests(self, text: str) -> None:
        (self.folder / "tests/test_it.py").write_text(text)

    def conftest(self, config: str) -> None:
        (self.folder / "tests/conftest.py").write_text(CONFTEST.format(config=config))

    def run(self, *arguments: str) -> Result:
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "pytest",
                    "-p",
                    "no:pytest_alembic",
                    "-p",
                    "no:cacheprovider",
                ),
                *("-p", "no:xdist", "--color=no", *UNUSED, *arguments),
            ],
            cwd=self.folder,
            env=os.environ | {"ASYNCMIG_TEST_URL": self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.returncode, done.stdout or done.stderr)


@pytest.fixture
def shop(tmp_path: Path, server: TestServer) -> Project:
    return Project(tmp_path, server.url)


def test_the_fixtures_in_synchronous_and_asynchronous_tests(shop: Project) -> None:
    shop.tests(
        """
import asyncpg
import pytest

def test_steps(migration_runner):
    run = migration_runner
    assert run.current == "base"
    assert run.heads == ["0003"]
    assert run.history.revisions == ("base", "0001", "0002", "0003", "heads")
    assert run.migrate_up_one() == "0001"
    assert run.roundtrip_next_revision() == "0002"
    run.insert_into("users", {"id": 1, "email": "a@b"})
    assert run.migrate_down_one() == "0001"
    assert [column.name for column in run.table_at_revision("users").columns] == ["id", "name"]
    assert run.migrate_up_to("heads") == "0003"
    assert run.migrate_up_one() is None
    assert run.roundtrip_next_revision() is None
    assert run.migrate_down_before("0001") == "0002"
    assert run.migrate_up_before("0003") == "0002"
    run.set_revision("0003")
    assert run.current == "0003"
    assert run.fetch("SELECT id FROM users")[0]["id"] == 1
    with pytest.raises(ValueError, match="no revision '9'"):
        run.migrate_up_before("9")

async def test_awaited(async_migration_runner, migrator, migration_runner):
    assert await async_migration_runner.migrate_up_to("0002") == "0002"
    assert (await migrator.status()).pending == ("0003",)
    assert migration_runner.migrate_up_one() == "0003"

@pytest.mark.parametrize("number", range(3))
async def test_clones(number, migrated_url, empty_url):
    connection = await asyncpg.connect(migrated_url)
    assert await connection.fetchval("SELECT count(*) FROM users") == 0
    await connection.execute("INSERT INTO users VALUES (1)")
    await connection.close()
    connection = await asyncpg.connect(empty_url)
    assert await connection.fetchval("SELECT to_regclass('users')") is None
    await connection.close()

def test_the_name_of_pytest_alembic(alembic_runner):
    assert alembic_runner.migrate_up_to("0001") == "0001"
"""
    )
    result = shop.run("-o", "asyncio_mode=auto")
    assert result.outcomes() == {"passed": 6}, result.out


@pytest.mark.slow
def test_the_template_is_kept_until_something_changes(shop: Project) -> None:
    shop.tests(
        """
def test_name(asyncmig_template, migrated_url):
    with open("names", "a") as file:
        file.write(asyncmig_template + "\\n")
"""
    )
    for _ in range(2):
        assert shop.run().code == 0
    shop.revision("0004", "'0003'", "op.execute('SELECT 1')")
    assert shop.run().code == 0
    first, second, third = (shop.folder / "names").read_text().splitlines()
    assert first == second != third
    assert third.startswith("asyncmig_template_")


def test_ready_tests_of_a_sound_project(shop: Project) -> None:
    shop.tests("def test_own(): pass\n")
    assert shop.run().outcomes() == {"passed": 1}
    result = shop.run("--asyncmig", "--asyncmig-exclude", "models_match_the_schema,lint")
    # single head, upgrade, and three tests of each of three revisions
    assert result.outcomes() == {"passed": 1 + 2 + 9}, result.out


@pytest.mark.slow
def test_options_by_the_names_of_pytest_alembic(shop: Project) -> None:
    shop.tests("def test_own(): pass\n")
    former = shop.run(
        "--test-alembic", "--alembic-exclude", "model_definitions_match_ddl,test_lint"
    )
    assert former.outcomes() == {"passed": 12}, former.out


@pytest.mark.slow
def test_ready_tests_are_tests_of_a_module_that_imports_them(shop: Project) -> None:
    shop.tests("from asyncmig.testing.ready_tests import test_single_head, test_stairway\n")
    assert shop.run().outcomes() == {"passed": 4}


def test_each_failure_names_revision_and_file(shop: Project) -> None:
    shop.revision(
        "0004",
        "'0003'",
        "op.execute('ALTER TABLE users ADD COLUMN IF NOT EXISTS age int'); op.drop_column('users', 'name')",
        "op.execute('ALTER TABLE users ADD COLUMN name text')",
    )
    shop.revision("0005", "'0004'", "op.execute('ALTER TABLE users ADD COLUMN n int NOT NULL')")
    shop.revision("0006", "'0005'", "op.execute('SELECT 1 / 0')")
    shop.revision("0007", "'0005'", "pass")
    shop.tests("")
    out = shop.run("--asyncmig", "-rN").out
    place = f"{shop.folder}/migrations/versions/"
    for expected in (
        "the history has 2 heads: 0006, 0007\nasyncmig merge heads",
        "revision 0006 failed at",
        (
            "the configuration names no models\nset target_metadata, or leave this test out: "
            "asyncmig_exclude = models_match_the_schema"
        ),
        (
            f"{place}0004_x.py: revision 0004: after upgrade and downgrade the schema differs:\n"
            "  + add_column users.age: INTEGER"
        ),
        (
            f"{place}0004_x.py: revision 0004: the upgrade loses\n"
            "  column public.users.name: dropped with 2 values\n"
            "if that is intended: asyncmig_data_loss = 0004"
        ),
        f"{place}0005_x.py: revision 0005: it fails on tables with rows: ",
        f"{place}0005_x.py: revision 0005: the second upgrade failed: ",
        f"{place}0006_x.py: revision 0006: not reached, because an earlier revision failed",
    ):
        assert expected in out, out


@pytest.mark.slow
def test_rows_of_revisions_and_exceptions(shop: Project) -> None:
    shop.revision(
        "0004",
        "'0003'",
        "op.execute('DELETE FROM users WHERE name IS NULL'); op.execute('UPDATE users SET email = NULL')",
        "raise NotImplementedError",
    )
    shop.conftest(
        '{"at_revision_data": {"0001": {"__tablename__": "users", "id": 7, "name": "ada"}},'
        ' "before_revision_data": {"0003": [{"__tablename__": "users", "id": 8, "email": "x"}]},'
        ' "data_loss": ["0004"], "minimum_downgrade_revision": "0002"}'
    )
    shop.tests(
        """
def test_rows(migration_runner):
    migration_runner.migrate_up_to("0003")
    assert [row["id"] for row in migration_runner.fetch("SELECT id FROM users ORDER BY id")] == [7, 8]
    migration_runner.migrate_up_to("heads")
    assert [row["id"] for row in migration_runner.fetch("SELECT id FROM users ORDER BY id")] == [7]
"""
    )
    result = shop.run("--asyncmig", "--asyncmig-exclude", "models_match_the_schema lint")
    assert result.outcomes() == {"passed": 1 + 2 + 12}, result.out


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{'configg': 'x.toml'}", "asyncmig_config has the unknown key 'configg'"),
        ("{'file': 'absent.ini'}", "absent.ini"),
        ("{'minimum_downgrade_revision': '9'}", "minimum_downgrade_revision names '9'"),
    ],
)
def test_a_wrong_configuration_is_named(shop: Project, config: str, message: str) -> None:
    shop.conftest(config)
    shop.tests("from asyncmig.testing.ready_tests import test_stairway\n")
    result = shop.run()
    assert result.code == 1
    assert message in result.out


COUNTING = """
import asyncpg
from pathlib import Path

connections = []
connect = asyncpg.connect

async def counted(*arguments, **options):
    connections.append(1)
    return await connect(*arguments, **options)

asyncpg.connect = counted

def pytest_sessionfinish():
    Path("connections").write_text(str(len(connections)))
"""
COUNTED_ENV = """
import models
from alembic import context
from sqlalchemy import engine_from_config, pool

with open("executions", "a") as file:
    file.write("x")
engine = engine_from_config(context.config.get_section("alembic"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=models.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.slow
def test_connections_and_executions_of_env_py_do_not_grow_with_the_history(shop: Project) -> None:
    """36 revisions took 15 seconds in pytest-alembic's issue 85, as each step was a command of its own."""
    for number in range(4, 37):
        shop.revision(
            f"{number:04}",
            f"'{number - 1:04}'",
            f"op.execute('CREATE TABLE t{number} (id int PRIMARY KEY, n int)')",
            f"op.drop_table('t{number}')",
        )
    (shop.folder / "asyncmig.toml").unlink()
    (shop.folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
        "sqlalchemy.url = postgresql+psycopg2://unused\n"
    )
    (shop.folder / "migrations/env.py").write_text(COUNTED_ENV)
    (shop.folder / "models.py").write_text("import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    (shop.folder / "tests/conftest.py").write_text(COUNTING)
    result = shop.run("--asyncmig", "--asyncmig-exclude", "models_match_the_schema lint")
    assert result.outcomes() == {"passed": 2 + 3 * 36}, result.out
    # one each for the upgrade, the stairway and the rows
    assert (shop.folder / "executions").read_text() == "xxx"
    # the server, then each of the three with a second connection that looks
    assert int((shop.folder / "connections").read_text()) <= 8


def test_an_unknown_ready_test_is_a_usage_error(shop: Project) -> None:
    shop.tests("")
    result = shop.run("--asyncmig", "--asyncmig-exclude", "stairwy")
    assert result.code != 0
    assert "asyncmig has no ready test 'test_stairwy'" in result.out


@pytest.mark.slow
def test_options_of_pytest_alembic_beside_it(shop: Project) -> None:
    shop.tests("def test_own(): pass\n")
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
            ),
            *("-p", "no:xdist", "--help"),
        ],
        cwd=shop.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "--asyncmig-exclude" in done.stdout
    assert "Enable pytest-alembic built-in tests" in done.stdout
