"""A comparison that loses its connection at any message, or its process while a private server runs.

``make test-crash`` cuts at every message; a plain run of the tests at a sample of them.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL

import anyio
import psutil
import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import Function, Grant, Trigger, View, register
from asyncmig.errors import AsyncmigError
from asyncmig.shadow import scratch_schemas
from asyncmig.shadow.lock_batches import split
from fix_database import catalog_dump
from support.depth import depth
from support.fault_proxy import fault_proxy

SAMPLE = depth().comparison_crash_points

LEFT = """\
SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'asyncmig%')
     + (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())"""


def tables() -> sa.MetaData:
    metadata = sa.MetaData()
    for name, other in (("book", "author"), ("author", "book")):
        sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("other", sa.ForeignKey(f"{other}.id", use_alter=True), index=True),
            sa.Column("mood", sa.Enum("sad", "ok", name="mood"), server_default="ok"),
        )
    return metadata


def with_entities() -> sa.MetaData:
    metadata = tables()
    register(
        metadata,
        View("sad_book", "SELECT id FROM book WHERE mood = 'sad'"),
        Function("touch", returns="trigger", body="BEGIN RETURN NEW; END"),
        Trigger("touched", "book", "before", "update", "touch()"),
        Grant("select", "sad_book", "public"),
    )
    return metadata


def refused() -> sa.MetaData:
    metadata = tables()
    sa.Table("bad", metadata, sa.Column("x", sa.Integer, server_default=sa.text("no_such()")))
    return metadata


@pytest.mark.cells(2)
@pytest.mark.sampled
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("models", [with_entities, tables, refused], ids=lambda item: item.__name__)
async def test_cut_at_a_message(project, database_url, pg, monkeypatch, models, when):
    if models is tables:
        monkeypatch.setattr(scratch_schemas, "split", lambda statements, _: split(statements, 1))
    before = catalog_dump(database_url)

    async def run(url: str) -> None:
        settings = project.settings(url=url, shadow_cache=False)
        migrator = Migrator(settings=settings, target_metadata=models())
        await migrator.revision("x", autogenerate=True)

    async def outcome(url: str) -> AsyncmigError | None:
        try:
            with anyio.fail_after(60):
                await run(url)
        except AsyncmigError as error:
            return error
        for written in project.versions.glob("*.py"):
            written.unlink()
        return None

    async with fault_proxy(database_url) as proxy:
        assert (await outcome(proxy.url) is None) is (models is not refused)
        total = proxy.seen
    points = list(range(1, total + 1))
    if len(points) > SAMPLE:
        points = sorted(random.Random(f"{models.__name__}{when}").sample(points, SAMPLE))
    for point in points:
        async with fault_proxy(database_url, point, when) as proxy:
            error = await outcome(proxy.url)
            # the last two messages undo the work and say good-bye: what was asked for is known by then
            assert error is not None or point > total - 2, f"cut {when} message {point} of {total}"
        assert not list(project.versions.glob("*.py"))
        with anyio.fail_after(30):
            while await pg.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ):
                await anyio.sleep(0.01)
        assert await pg.fetchval(LEFT) == 0, f"cut {when} message {point} of {total}"
    assert catalog_dump(database_url) == before


MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
for number in range(60):
    sa.Table(f"t{number}", metadata, sa.Column("id", sa.Integer, primary_key=True),
             sa.Column("up", sa.ForeignKey(f"t{max(number - 1, 0)}.id"), index=True))
"""


@pytest.mark.slow
async def test_killed_while_a_private_server_runs(project, database_url, pg):
    (project.path / "big_models.py").write_text(MODELS)
    (project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "big_models:metadata"\n'
        'prepend_sys_path = ["."]\nshadow_cache = false\nshadow_url = "embedded"\n'
    )
    with tempfile.TemporaryDirectory(prefix="asyncmig-kill-", dir="/tmp") as folder:
        scratch_folder = Path(folder)
        scratch_folder.chmod(0o777)  # the server may be run by another user
        environment = os.environ | {"TMPDIR": folder, "ASYNCMIG_URL": database_url}

        def of_the_server() -> list[str]:
            found = []
            for process in psutil.process_iter(["cmdline"]):
                line = " ".join(process.info["cmdline"] or ())
                if folder in line:
                    found.append(line)
            return found

        cut_short = 0
        for seconds in (0.05, 1.0) if SAMPLE < 10 else (0.0, 0.05, 0.1, 0.3, 0.5, 1.0, 1.5, 2.0):
            process = await anyio.open_process(
                [sys.executable, "-m", "asyncmig_cli", "check"],
                cwd=project.path,
                env=environment,
                stdout=DEVNULL,
                stderr=DEVNULL,
            )
            with anyio.fail_after(60):
                while process.returncode is None and not list(scratch_folder.iterdir()):
                    await anyio.sleep(0.01)
            await anyio.sleep(seconds)
            with suppress(ProcessLookupError):  # a quick machine is done by then
                process.send_signal(signal.SIGKILL)
            cut_short += await process.wait() == -signal.SIGKILL
            with anyio.fail_after(60):
                while list(scratch_folder.iterdir()) or of_the_server():
                    await anyio.sleep(0.05)
        assert cut_short
    assert await pg.fetchval(LEFT) == 0
