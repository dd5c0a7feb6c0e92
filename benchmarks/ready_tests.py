"""The ready tests of the pytest plugin beside those of pytest-alembic, and a database for each test.

One project of 36 revisions, made for Alembic, is tested by both plugins on the same private server, in
turn: with the four tests that pytest-alembic runs by default and asyncmig's of the same kinds; with its
fifth, ``downgrade_leaves_no_trace``, and asyncmig's of the same kinds; and with all of asyncmig's but
``lint``. "Of them" is the time beyond a pytest process with an empty test and neither plugin: the plugin's
import, the tests, and the databases. Then a suite of 200 tests takes a migrated database for each test.

    python -m benchmarks.ready_tests                     # prints a table
    python -m benchmarks.ready_tests --repetitions 1 --json ready.json
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from anyio.from_thread import start_blocking_portal

from asyncmig import embedded

REVISION = '''"""table {number}"""

import sqlalchemy as sa
from alembic import op

revision = "r{number}"
down_revision = {down!r}


def upgrade():
    op.create_table(
        "item_{number}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), server_default="0", nullable=False),
    )
    op.create_index("ix_item_{number}_name", "item_{number}", ["name"])


def downgrade():
    op.drop_table("item_{number}")
'''
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range(1, {revisions} + 1):
    sa.Table(
        f"item_{{number}}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), server_default="0", nullable=False),
        sa.Index(f"ix_item_{{number}}_name", "name"),
    )
"""
ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool
from models import metadata

config = context.config
connectable = config.attributes.get("connection", None)
if connectable is None:
    connectable = engine_from_config(
        config.get_section("alembic"), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
TRACES = """
from pytest_alembic.tests.experimental.downgrade_leaves_no_trace import test_downgrade_leaves_no_trace
from test_pytest_alembic import *
"""
PYTEST_ALEMBIC = """
import os

import pytest
import sqlalchemy as sa
from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)


@pytest.fixture
def alembic_engine():
    engine = sa.create_engine(os.environ["ASYNCMIG_TEST_URL"].replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    yield engine
    engine.dispose()
"""
SUITE = """
import asyncpg
import pytest


@pytest.mark.parametrize("number", range({tests}))
async def test_rows(number, migrated_url):
    connection = await asyncpg.connect(migrated_url)
    await connection.execute("INSERT INTO item_1 VALUES (1, 'a')")
    await connection.close()
"""
DURATIONS = """
import json
from pathlib import Path

durations = {"setup": [], "teardown": []}


def pytest_runtest_logreport(report):
    if report.when in durations:
        durations[report.when].append(report.duration)


def pytest_sessionfinish():
    Path("durations.json").write_text(json.dumps(durations))
"""
NOTHING = "pytest alone"
THEIRS = ("-p", "no:asyncmig")
OURS = ("-p", "no:pytest_alembic", "--asyncmig")
OWN = "data_survives lint"
"""The ready tests that pytest-alembic has no counterpart of."""


def write_project(folder: Path, revisions: int, tests: int) -> None:
    """Write the project, and the tests of either plugin into folders of their own."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for number in range(1, revisions + 1):
        down = f"r{number - 1}" if number > 1 else None
        (versions / f"r{number}.py").write_text(REVISION.format(number=number, down=down))
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "models.py").write_text(MODELS.format(revisions=revisions))
    (folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
        "sqlalchemy.url = postgresql+psycopg2://not-used\n"
    )
    (folder / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (folder / "test_pytest_alembic.py").write_text(PYTEST_ALEMBIC)
    (folder / "test_pytest_alembic_traces.py").write_text(TRACES)
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text(DURATIONS)
    (folder / "tests" / "test_suite.py").write_text(SUITE.format(tests=tests))


def run_pytest(folder: Path, url: str, *arguments: str) -> tuple[float, int]:
    """Run pytest as a process; its seconds, and the number of tests that passed."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"ASYNCMIG_TEST_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.perf_counter() - begun
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    if done.returncode or not passed:
        raise RuntimeError(done.stdout + done.stderr)
    return elapsed, int(passed[1])


def measure(revisions: int, repetitions: int, tests: int) -> dict[str, Any]:
    """Measure both plugins in turn, then the suite."""
    seconds: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        write_project(folder, revisions, tests)
        memory = Path("/dev/shm")
        portal = resources.enter_context(start_blocking_portal())
        scratch = memory if memory.is_dir() else None
        server = portal.wrap_async_context_manager(embedded.server(tcp=True, scratch_dir=scratch))
        url = resources.enter_context(server).url
        ours = (*OURS, "tests/conftest.py", "--asyncmig-exclude")
        runs = {
            NOTHING: ("-p", "no:asyncmig", "-p", "no:pytest_alembic", "test_nothing.py"),
            "pytest-alembic, four": (*THEIRS, "test_pytest_alembic.py"),
            "asyncmig, four": (*ours, f"{OWN} downgrade_leaves_no_trace"),
            "pytest-alembic, five": (*THEIRS, "test_pytest_alembic_traces.py"),
            "asyncmig, five": (*ours, OWN),
            "asyncmig, all": (*ours, "lint"),
        }
        for _ in range(repetitions):
            for name, arguments in runs.items():
                elapsed, counts[name] = run_pytest(folder, url, *arguments)
                seconds.setdefault(name, []).append(elapsed)
        run_pytest(folder, url, "-p", "no:pytest_alembic", "tests/test_suite.py")
        durations = json.loads((folder / "durations.json").read_text())
    return {
        "revisions": revisions,
        "tests": tests,
        "seconds": seconds,
        "passed": counts,
        "clone_ms": 1000 * median(durations["setup"][1:]),
        "drop_ms": 1000 * median(durations["teardown"][1:]),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=36)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.revisions, options.repetitions, options.tests)
    print(f"ready tests of {found['revisions']} revisions, whole process, median")
    alone = median(found["seconds"][NOTHING])
    base = alone
    for name, samples in found["seconds"].items():
        taken = median(samples)
        if name == NOTHING:
            print(f"{name:20} {found['passed'][name]:4} tests {taken:7.2f} s")
            continue
        if name.startswith("pytest-alembic"):
            base = taken  # of the rows below it
        print(
            f"{name:20} {found['passed'][name]:4} tests {taken:7.2f} s  {taken / base:.2f}x", end=""
        )
        print(f"  of them {taken - alone:6.2f} s  {(taken - alone) / (base - alone):.2f}x")
    print(
        f"{found['tests']} tests with a database each: {found['clone_ms']:.0f} ms a clone", end=""
    )
    print(f", {found['drop_ms']:.0f} ms to drop it")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
