"""Alembic and asyncmig migrate one database at the same time: no revision's work is done twice."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from asyncmig import Migrator
from asyncmig.errors import UnexpectedStateError
from support.depth import depth
from support.processes import started

if TYPE_CHECKING:
    from collections.abc import Iterator

REVISIONS = [f"r{number}" for number in range(6)]

# it waits for a delay on each line, upgrades, and says how that ended
WORKER = """
import logging, sys, time
from alembic import command
from alembic.config import Config
logging.disable(logging.CRITICAL)
print("ready", flush=True)
for line in sys.stdin:
    time.sleep(float(line))
    try:
        command.upgrade(Config("alembic.ini"), "head")
    except Exception as error:
        print(type(error).__name__, flush=True)
    else:
        print("done", flush=True)
"""

ENVIRONMENT = """
import sqlalchemy as sa
from alembic import context
engine = sa.create_engine({url!r}, poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""


MOST = 6
"""Processes of Alembic, among 18 starts."""


@pytest.fixture
def alembics(project, database_url, starts) -> Iterator[list[Any]]:
    """Processes that run Alembic when they are told to."""
    for below, revision in zip([None, *REVISIONS], REVISIONS, strict=False):
        project.revision(
            revision,
            down=below,
            header="from alembic import op",
            signature="def {name}():",
            upgrade=f"""
                op.execute("UPDATE counters SET runs = runs + 1 WHERE revision = '{revision}'")
                op.execute("SELECT pg_sleep(random() * 0.03)")
            """,
        )
    url = database_url.replace("postgresql:", "postgresql+psycopg2:", 1)
    (project.script_location / "env.py").write_text(ENVIRONMENT.format(url=url))
    (project.path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    command = [sys.executable, "-c", WORKER]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": project.path}
    with ExitStack() as stack:
        processes: list[Any] = [
            stack.enter_context(started(command, **options))
            for _ in range(1 if starts == 3 else MOST)
        ]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        yield processes
        for process in processes:
            process.stdin.close()
            process.stdout.close()


@pytest.mark.cells(1)
@pytest.mark.sampled
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("starts", [3, 18])
async def test_no_work_is_done_twice_and_no_success_is_false(
    project, database_url, pg, alembics, starts, capsys
):
    await pg.execute("CREATE TABLE counters (revision text PRIMARY KEY, runs int NOT NULL)")
    await Migrator(database_url, script_location=project.script_location).ensure_version()
    drawn = random.Random(20261129 + starts)
    outcomes: Counter[str] = Counter()

    async def theirs(process: Any, delay: float) -> None:
        process.stdin.write(f"{delay}\n")
        process.stdin.flush()
        outcome = await anyio.to_thread.run_sync(process.stdout.readline)
        outcomes[f"Alembic: {outcome.strip()}"] += 1

    async def ours(delay: float, *, journal: bool) -> None:
        await asyncio.sleep(delay)
        migrator = Migrator(database_url, script_location=project.script_location, journal=journal)
        try:
            result = await migrator.upgrade()
        except UnexpectedStateError:
            outcomes["asyncmig: refused"] += 1
        else:
            assert result.after == (REVISIONS[-1],)
            outcomes["asyncmig: done"] += 1

    rounds = max(depth().rounds, 10) if starts == 3 else depth().rounds
    for _ in range(rounds):
        # Alembic itself does not notice that another process has written the first row
        first = drawn.choice(REVISIONS[:3])
        await pg.execute(
            "TRUNCATE alembic_version, counters, asyncmig_journal;"
            f"INSERT INTO alembic_version VALUES ('{first}')"
        )
        await pg.executemany(
            "INSERT INTO counters VALUES ($1, $2)",
            [(name, int(name <= first)) for name in REVISIONS],
        )
        others = 1 if starts == 3 else drawn.randint(1, MOST)
        journal = starts > 3
        async with anyio.create_task_group() as group:
            for process in alembics[:others]:
                group.start_soon(theirs, process, drawn.uniform(0, 0.1))
            for _ in range(starts - others):
                group.start_soon(partial(ours, drawn.uniform(0, 0.1), journal=journal))
        await Migrator(database_url, script_location=project.script_location).upgrade()
        runs = dict(await pg.fetch("SELECT revision, runs FROM counters"))
        assert runs == dict.fromkeys(REVISIONS, 1), outcomes
    assert outcomes["asyncmig: done"], outcomes
    with capsys.disabled():
        print(f"\n{rounds} rounds of {starts} starts: {dict(outcomes)}")
