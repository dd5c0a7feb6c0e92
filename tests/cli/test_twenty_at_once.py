"""Twenty replicas start at once on an empty database."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from support.processes import started

pytestmark = pytest.mark.slow


async def test_twenty_processes_at_once(project, database_url, pg):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        upgrade="""
            op.execute("INSERT INTO t SELECT generate_series(1, 20000)")
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
            op.execute("CREATE INDEX CONCURRENTLY t_i_2 ON t ((i + 1))")
        """,
    )
    project.revision("c1", down="b1", upgrade='op.execute("CREATE TABLE u (i int)")')
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    command = [sys.executable, "-m", "asyncmig_cli", "upgrade", "head", "--url", database_url]
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(started(command, cwd=project.path, **options)) for _ in range(20)
        ]
        said = [process.communicate(timeout=110)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 20, said
    rows = await pg.fetch("SELECT revision, phase, state FROM asyncmig_journal")
    assert Counter((row["revision"], row["phase"]) for row in rows) == {
        ("a1", 0): 1,
        ("b1", 0): 1,
        ("b1", 1): 1,
        ("c1", 0): 1,
    }
    assert {row["state"] for row in rows} == {"done"}
    assert await pg.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert await pg.fetchval("SELECT version_num FROM alembic_version") == "c1"
