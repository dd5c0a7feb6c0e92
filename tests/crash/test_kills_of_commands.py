"""kill -9 during stamp, merge, revision, deploy, check and clean-up: nothing half done stays."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from support.depth import depth

pytestmark = [pytest.mark.slow, pytest.mark.sampled, pytest.mark.timeout(3600)]

COMMANDS = {
    "stamp": "stamp heads",
    "merge": "merge heads -m both",
    "revision": "revision --autogenerate --head b1 -m more",
    "deploy": "deploy heads --yes",
    "shadow": "check",
    "clean-up": "upgrade broken",
}
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range(30):
    sa.Table(f"model_{number}", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""
LEFT = """
SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'asyncmig%')
     + (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'asyncmig'
        AND datname = current_database())"""


@pytest.fixture
def folder(project):
    (project.path / "models.py").write_text(MODELS)
    (project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "models:metadata"\n'
    )
    project.revision("a1", upgrade='op.execute("CREATE TABLE a (id int)")')
    for name in ("b1", "c1"):
        project.revision(
            name,
            down="a1",
            upgrade=f'op.execute("CREATE TABLE {name} (id int)")\nop.execute("SELECT pg_sleep(0.1)")',
        )
    project.revision(
        "broken",
        down="c1",
        upgrade='op.execute("CREATE TABLE d (id int)")\nop.execute("SELECT 1 / length(pg_sleep(1)::text)")',
    )
    return project


def command(line, url, folder):
    return asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "asyncmig_cli", *line.split()),
        cwd=folder.path,
        env=os.environ | {"ASYNCMIG_URL": url, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


@pytest.mark.parametrize("name", COMMANDS)
async def test_killed(folder, make_database, name, capsys):
    line = COMMANDS[name]
    if name in {"stamp", "merge", "deploy", "shadow", "revision"}:
        (folder.versions / "broken.py").unlink()
    drawn = random.Random(name)
    files = {path.name for path in folder.versions.glob("*.py")}

    async def prepared():
        url = make_database()
        target = {"stamp": "a1", "merge": "a1", "deploy": "a1"}.get(name, "c1")
        migrator = Migrator(url, script_location=folder.script_location)
        await migrator.upgrade(target)
        if name in {"revision", "shadow"}:
            await migrator.upgrade("heads")
        return url

    # the second run finds the caches that the first one wrote, as those that are killed do
    for _ in range(2):
        url = await prepared()
        began = time.monotonic()
        process = await command(line, url, folder)
        await process.wait()
        duration = time.monotonic() - began
        for path in folder.versions.glob("*.py"):
            if path.name not in files:
                path.unlink()
    killed = 0
    for _ in range(depth().kills * 2):
        url = await prepared()
        process = await command(line, url, folder)
        await asyncio.sleep(drawn.uniform(0.2, 1.0) * duration)
        if process.returncode is None:
            process.kill()
            killed += 1
        await process.wait()
        pg = await asyncpg.connect(url)
        with anyio.fail_after(30):
            while await pg.fetchval(LEFT):
                await asyncio.sleep(0.05)
        rows = {row["version_num"] for row in await pg.fetch("SELECT * FROM alembic_version")}
        tables = {row[0] for row in await pg.fetch("SELECT tablename FROM pg_tables")}
        if name != "stamp":
            assert {row for row in rows if row in {"b1", "c1"}} == tables & {"b1", "c1"}
        assert "d" not in tables
        # whatever stands in the folder is whole, and the next run continues
        migrator = Migrator(url, script_location=folder.script_location)
        assert await migrator.history()  # each file is a whole revision
        for path in folder.versions.glob("*.py"):
            if path.name not in files:
                compile(path.read_text(), path, "exec")
                path.unlink()
        assert not [
            path for path in folder.versions.iterdir() if path.name.endswith((".tmp", ".part"))
        ]
        migrator = Migrator(url, script_location=folder.script_location)
        if name == "stamp":
            await migrator.stamp("heads")
        elif name != "clean-up":
            await migrator.upgrade("heads")
        if name != "clean-up":
            assert (await migrator.status()).ok
        await pg.close()
    with capsys.disabled():
        print(f"\n{name}: killed {killed} of {depth().kills * 2}")
