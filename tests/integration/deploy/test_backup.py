"""A backup is of the database that is migrated, complete, and restores what was there."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import asyncpg
import pytest

from asyncmig import Migrator, embedded
from asyncmig.deploy import client_programs
from asyncmig.deploy.backup import back_up
from asyncmig.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 5_000
FILL = f"""
CREATE TABLE precious AS SELECT g AS id, md5(g::text) AS t FROM generate_series(1, {ROWS}) g;
CREATE SEQUENCE s START 17
"""
HELD = "BEGIN; LOCK TABLE precious IN ACCESS EXCLUSIVE MODE"


@pytest.fixture
def migrator(project, database_url) -> Migrator:
    project.revision("a1", upgrade="op.execute('CREATE TABLE later ()')")
    return Migrator(database_url, script_location=project.script_location)


def other_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.mark.parametrize("name", ["before.dump", "before.sql"])
async def test_what_it_restores(migrator, database_url, pg, tmp_path, name):
    await pg.execute(FILL)
    backup = await back_up(migrator, tmp_path / name)
    assert backup.size == (tmp_path / name).stat().st_size
    await pg.execute("DELETE FROM precious WHERE id > 10")
    copy = f"{urlsplit(database_url).path[1:]}_restored"
    await pg.execute(f'CREATE DATABASE "{copy}"')
    try:
        url = other_database(database_url, copy)
        command = shlex.split(backup.restore.replace("NEW_DATABASE", url))
        command[0] = str(embedded.binaries() / command[0])
        done = await anyio.run_process(command, check=False)
        assert done.returncode == 0, done.stderr
        restored = await asyncpg.connect(url)
        try:
            assert await restored.fetchval("SELECT count(*) FROM precious") == ROWS
            total = "SELECT md5(string_agg(t, '' ORDER BY id)) FROM precious"
            numbers = f"generate_series(1, {ROWS}) AS g"
            expected = f"SELECT md5(string_agg(md5(g::text), '' ORDER BY g)) FROM {numbers}"
            assert await restored.fetchval(total) == await pg.fetchval(expected)
            assert await restored.fetchval("SELECT nextval('s')") == 17
        finally:
            await restored.close()
    finally:
        await pg.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


async def test_the_environment_leads_nowhere_else(migrator, pg, tmp_path, monkeypatch):
    """Neither variables nor a service of the environment name another database."""
    await pg.execute(FILL)
    (tmp_path / "services").write_text("[other]\ndbname=postgres\napplication_name=service\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "other")
    monkeypatch.setenv("PGDATABASE", "postgres")
    monkeypatch.setenv("PGOPTIONS", "-cstatement_timeout=0")
    await back_up(migrator, tmp_path / "x.sql")
    assert "CREATE TABLE public.precious" in (tmp_path / "x.sql").read_text()


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_no_file_is_overwritten(migrator, tmp_path, kind):
    planted = tmp_path / "x.dump"
    victim = tmp_path / "victim"
    if kind == "file":
        planted.write_text("planted")
    else:
        planted.symlink_to(victim)
    with pytest.raises(FileError, match="exists already"):
        await back_up(migrator, planted)
    assert not victim.exists()
    assert kind == "link" or planted.read_text() == "planted"


async def test_a_file_that_comes_meanwhile_stays(migrator, tmp_path, monkeypatch):
    target = tmp_path / "x.dump"
    run = client_programs.run_client_program

    async def run_and_plant(command, environment):
        done = await run(command, environment)
        target.write_text("meanwhile")
        return done

    monkeypatch.setattr("asyncmig.deploy.backup.run_client_program", run_and_plant)
    with pytest.raises(FileError, match="file exists"):
        await back_up(migrator, target)
    assert target.read_text() == "meanwhile"
    assert [path.name for path in tmp_path.glob("x.dump*")] == ["x.dump"]


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("x.dump", "", "input file is too short"),
        ("x.dump", "PGDMP\\001", "unsupported version|could not read|unexpected end"),
        ("x.sql", "CREATE TABLE t ();", "ends before pg_dump's closing line"),
    ],
)
async def test_half_a_dump_is_refused(migrator, tmp_path, monkeypatch, name, written, message):
    """A pg_dump that says 0 and wrote half."""
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo 'pg_dump 99' && exit\n"
        f"for a; do case $a in --file=*) printf '{written}' > \"${{a#--file=}}\";; esac; done\n"
    )
    program.chmod(0o755)
    program.with_name("pg_restore").symlink_to(embedded.binaries() / "pg_restore")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(FileError, match=message):
        await back_up(migrator, tmp_path / name)
    assert not list(tmp_path.glob("x.*"))


async def processes_of(path: Path) -> list[str]:
    done = await anyio.run_process(["ps", "-ww", "-eo", "pid,args"])
    return [line for line in done.stdout.decode().splitlines() if f"--file={path}" in line]


async def until(condition) -> None:
    with anyio.fail_after(20):
        while not await condition():
            await anyio.sleep(0.05)


async def test_pg_dump_ends_when_it_is_cancelled(migrator, pg, tmp_path):
    await pg.execute(FILL)
    target = tmp_path / "x.dump"
    await pg.execute(HELD)
    task = asyncio.create_task(back_up(migrator, target))
    await until(lambda: processes_of(target))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await processes_of(target) == []
    assert not list(tmp_path.glob("x.dump*"))
    await pg.execute("ROLLBACK")


async def test_pg_dump_ends_when_asyncmig_is_killed(migrator, project, database_url, pg, tmp_path):
    await pg.execute(FILL)
    target = tmp_path / "x.dump"
    await pg.execute(HELD)
    code = (
        "import sys, pathlib, anyio\nfrom asyncmig import Migrator\n"
        "from asyncmig.deploy.backup import back_up\n"
        "migrator = Migrator(sys.argv[1], script_location=sys.argv[2])\n"
        "anyio.run(back_up, migrator, pathlib.Path(sys.argv[3]))\n"
    )
    command = [sys.executable, "-c", code, database_url, str(project.script_location), str(target)]
    process = subprocess.Popen(command)
    try:
        await until(lambda: processes_of(target))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    async def gone() -> bool:
        return await processes_of(target) == []

    await until(gone)
    await pg.execute("ROLLBACK")
    assert not target.exists()
