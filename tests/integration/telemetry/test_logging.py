"""What the log says of real runs, and what uvicorn shows of a start under its default configuration."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import anyio
import asyncpg
import pytest

import asyncmig
from asyncmig import Migrator
from asyncmig.errors import LockNotAcquiredError, StatementFailedError, UrlError

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import os
import asyncmig
from fastapi import FastAPI

migrator = asyncmig.Migrator(os.environ["URL"], script_location=os.environ["SCRIPTS"], lock_wait=0.5)

app = FastAPI(lifespan=asyncmig.lifespan(migrator, os.environ["MODE"]))
"""


@pytest.fixture
def history(project):
    project.revision("a1", upgrade="op.execute('create table t (id int)')", message="make t")
    project.revision("b2", down="a1", upgrade="op.execute('create table u (id int)')")
    return project


def texts(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    return [
        (record.name, record.levelname, re.sub(r"\d+\.\d+ s", "N s", record.getMessage()))
        for record in caplog.records
    ]


async def test_an_upgrade_and_a_failure(history, database_url, caplog):
    caplog.set_level(logging.INFO, "asyncmig")
    migrator = Migrator(database_url, script_location=history.script_location)
    await migrator.upgrade()
    await migrator.upgrade()
    history.revision("c3", down="b2", upgrade="op.execute('create table u (id int)')")
    with pytest.raises(StatementFailedError):
        await migrator.upgrade()
    database = re.search(r"database (\S+ on \S+) starts", caplog.text)[1]
    failure = "StatementFailedError (SQLSTATE 42P07), 0 revisions applied"
    assert texts(caplog) == [
        (
            "asyncmig.run",
            "INFO",
            f"upgrade of database {database} starts, 2 revisions: a1 to b2",
        ),
        ("asyncmig.run", "INFO", "applied a1 make t (N s)"),
        ("asyncmig.run", "INFO", "applied b2 b2 (N s)"),
        ("asyncmig.run", "INFO", "upgrade finished in N s: 2 revisions applied, now at b2"),
        ("asyncmig.run", "INFO", f"upgrade of database {database}: nothing is pending, at b2"),
        ("asyncmig.run", "INFO", f"upgrade of database {database} starts, 1 revision: c3"),
        (
            "asyncmig.run",
            "ERROR",
            f"upgrade of database {database} failed after N s in c3: {failure}",
        ),
    ]
    failed = vars(caplog.records[-1])
    assert failed["asyncmig.event"] == "RunFailed"
    assert failed["asyncmig.message"].endswith('relation "u" already exists')


async def test_a_retry_and_a_wait_for_another_runner(history, database_url, pg, caplog):
    caplog.set_level(logging.WARNING, "asyncmig")
    await Migrator(database_url, script_location=history.script_location).upgrade("a1")
    history.revision("c3", down="b2", upgrade="op.execute('alter table t add x int')")
    migrator = Migrator(
        database_url, script_location=history.script_location, lock_timeout=0.1, lock_retries=1
    )
    other = await asyncpg.connect(database_url, server_settings={"application_name": "report"})
    await other.execute("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE")
    async with anyio.create_task_group() as group:

        async def second() -> None:
            await Migrator(
                database_url, script_location=history.script_location, lock_timeout=5
            ).upgrade()

        with pytest.raises(StatementFailedError):
            await migrator.upgrade()
        group.start_soon(second)
        while "blocked by pid" not in caplog.messages[-1]:
            await anyio.sleep(0.02)
        with pytest.raises(LockNotAcquiredError) as caught:
            await Migrator(
                database_url, script_location=history.script_location, lock_wait=0.2
            ).upgrade()
        await other.execute("ROLLBACK")
    await other.close()
    assert "--" not in caught.value.hint
    waits = [text for name, _, text in texts(caplog) if name == "asyncmig.wait"]
    assert any(re.match(r"c3, phase 1: .*report.*attempt 2 of 2 follows in N s", w) for w in waits)
    assert any(re.match(r"waiting for the migration lock, N s: .* holds it", w) for w in waits)
    assert {level for _, level, _ in texts(caplog)} == {"WARNING", "ERROR"}


async def test_each_of_several_databases_is_named(make_database, tmp_path, project, caplog):
    caplog.set_level(logging.INFO, "asyncmig")
    project.revision("a1", upgrade="op.execute('create table t (id int)')")
    config = tmp_path / "asyncmig.toml"
    config.write_text(
        f'script_location = "{project.script_location}"\n'
        f'[databases.app]\nurl = "{make_database()}"\n'
        f'[databases.audit]\nurl = "{make_database()}"\n'
    )
    await Migrator.from_config(config).upgrade()
    assert [text for _, _, text in texts(caplog) if "applied a1" in text] == [
        "[app] applied a1 a1 (N s)",
        "[audit] applied a1 a1 (N s)",
    ]


def serve(folder: Path, **environment: object) -> str:
    """What uvicorn prints of a start, and of its end directly afterwards."""
    (folder / "app.py").write_text(APP)
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "app:app", "--port", "0"],
        cwd=folder,
        env=os.environ | {name: str(value) for name, value in environment.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Uvicorn running" in line:
            process.terminate()
    process.stdout.close()
    process.wait(30)
    return "".join(lines)


@pytest.mark.slow
def test_uvicorn_shows_the_migration_under_its_default_configuration(
    history, database_url, tmp_path
):
    options = {"URL": database_url, "SCRIPTS": history.script_location}
    shown = re.sub(r"\d+\.\d+ s", "N s", serve(tmp_path, MODE="upgrade", **options))
    assert "INFO:     asyncmig: applied a1 make t (N s)\n" in shown
    assert "INFO:     asyncmig: upgrade finished in N s: 2 revisions applied, now at b2\n" in shown
    assert "nothing is pending, at b2\n" in serve(tmp_path, MODE="upgrade", **options)
    shown = serve(tmp_path, MODE="wait", **options)
    assert "asyncmig: waiting until another process has migrated, at most 600 s\n" in shown
    assert "asyncmig: the database is current, at b2\n" in shown


def test_a_failed_start_prints_message_and_hint_once(history, database_url, tmp_path):
    history.revision("c3", down="b2", upgrade="op.execute('create table t (id int)')")
    shown = serve(tmp_path, URL=database_url, SCRIPTS=history.script_location, MODE="upgrade")
    failure = shown[shown.index("ERROR") :]
    assert failure.count('relation "t" already exists') == 1
    assert failure.count("hint: ") == 1
    assert len(failure.splitlines()) < 14, failure
    assert "Application startup failed. Exiting." in failure


def test_the_hints_of_a_failed_start_name_settings(history, tmp_path):
    nowhere = "postgresql://x:y@127.0.0.1:1/none"
    shown = serve(tmp_path, URL=nowhere, SCRIPTS=history.script_location, MODE="upgrade")
    assert "`wait_for_database` waits for it" in shown
    assert "--" not in shown


async def test_a_missing_url_names_what_a_service_can_set(history, monkeypatch):
    monkeypatch.delenv("ASYNCMIG_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(UrlError) as caught:
        async with asyncmig.migrated(Migrator(script_location=history.script_location)):
            pytest.fail("the body ran")
    assert "ASYNCMIG_URL or DATABASE_URL" in caught.value.hint
    assert "--" not in caught.value.hint
    assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]
