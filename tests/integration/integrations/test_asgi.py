"""Real servers on a real database: uvicorn in a process of its own, with uvloop and without."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
import uvloop

from asyncmig import Migrator, migrated
from asyncmig.integrations.asgi import lifespan
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTUP_FAILED = 3  # uvicorn's exit code

APP = """
import json, os
from contextlib import asynccontextmanager
import asyncmig
from asyncmig import Migrator
from asyncmig.integrations.asgi import LifespanMiddleware

options = json.loads(os.environ["TEST_APP"])
migrator = Migrator(options["url"], script_location=options["scripts"])

@asynccontextmanager
async def own(app):
    yield {"status": (await migrator.status()).state}

def fastapi():
    from fastapi import FastAPI, Request
    app = FastAPI(lifespan=asyncmig.lifespan(migrator, options["mode"], own))

    @app.get("/")
    async def read(request: Request):
        import asyncio
        loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
        return {"at_start": request.state.status, "loop": loop}

    return app

def plain():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"plain": true}'})

    return LifespanMiddleware(app, migrator, options["mode"])
"""


class Service:
    """One uvicorn with the application above."""

    def __init__(self, folder: Path, number: int, options: dict, *, loop: str, factory: str):
        self.socket = folder / f"{number}.sock"
        self.log = folder / f"{number}.log"
        (folder / "service_under_test.py").write_text(APP)
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "--factory", "--app-dir", folder),
                    *("--uds", self.socket, "--loop", loop, f"service_under_test:{factory}"),
                ],
                cwd=ROOT,
                env=os.environ | {"TEST_APP": json.dumps(options)},
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def get(self) -> dict:
        """Ask as soon as it listens."""
        while "Uvicorn running" not in self.output:
            assert self.process.poll() is None, self.output
            time.sleep(0.02)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket))) as client:
            return client.get("http://service/").json()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def serve(tmp_path, project, database_url) -> Iterator[object]:
    """Starts services on ``project`` and the test's database; all of them end with the test."""
    services: list[Service] = []

    def start(mode="upgrade", *, loop="asyncio", factory="fastapi", scripts=None) -> Service:
        scripts = scripts or project.script_location
        options = {"url": database_url, "scripts": str(scripts), "mode": mode}
        services.append(Service(tmp_path, len(services), options, loop=loop, factory=factory))
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@pytest.fixture
def history(project):
    """Two revisions: a table, and an index built concurrently."""
    project.revision("a1", upgrade="op.execute('create table seat (id int primary key)')")
    project.revision(
        "b2", down="a1", upgrade="op.execute('create index concurrently seat_id on seat (id)')"
    )
    return project


async def applied(pg) -> list[str]:
    rows = await pg.fetch(
        "select revision from asyncmig_journal where state = 'done' and final order by id"
    )
    return [row["revision"] for row in rows]


async def locks(pg) -> int:
    return await pg.fetchval(
        "select count(*) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database())"
    )


@pytest.mark.slow
@pytest.mark.cells(1)
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_three_replicas_on_an_empty_database_all_serve(serve, history, pg, loop):
    replicas = [serve(loop=loop) for _ in range(3)]
    for replica in replicas:
        assert replica.get() == {"at_start": "current", "loop": loop}
    assert await applied(pg) == ["a1", "b2"]
    assert await locks(pg) == 0
    for replica in replicas:
        assert replica.stop() in {0, -signal.SIGTERM}
        assert "Application shutdown complete" in replica.output


async def test_check_refuses_to_serve_a_database_that_is_behind(serve, history, pg):
    service = serve("check")
    assert service.process.wait(30) == STARTUP_FAILED
    assert "the database is behind: 2 revisions pending: a1, b2" in service.output
    assert "hint: run `asyncmig upgrade`" in service.output
    assert await pg.fetchval("select to_regclass('alembic_version')") is None


async def test_wait_serves_once_somebody_else_has_migrated(serve, history, database_url):
    service = serve("wait")
    while "Waiting for application startup" not in service.output:
        assert service.process.poll() is None, service.output
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    assert "startup complete" not in service.output
    await Migrator(database_url, script_location=history.script_location).upgrade()
    assert (await asyncio.to_thread(service.get))["at_start"] == "current"


async def test_off_serves_whatever_the_database_is(serve, history):
    assert serve("off").get()["at_start"] == "empty"


async def test_an_application_without_a_lifespan_is_migrated_too(serve, history, pg):
    service = serve(factory="plain")
    assert service.get() == {"plain": True}
    assert await applied(pg) == ["a1", "b2"]


@pytest.mark.cells(1)
@pytest.mark.parametrize("factory", ["fastapi", "plain"])
async def test_a_failing_script_ends_the_start_and_says_where(serve, history, pg, factory):
    history.revision("c3", down="b2", upgrade="op.execute('select nonsense')")
    service = serve(factory=factory)
    assert service.process.wait(30) == STARTUP_FAILED
    assert 'column "nonsense" does not exist' in service.output
    assert "c3.py" in service.output
    assert "hint: " in service.output
    assert await applied(pg) == ["a1", "b2"]
    assert await locks(pg) == 0


@pytest.mark.cells(1)
@pytest.mark.parametrize("mode", ["upgrade", "wait", "check"])
async def test_a_database_ahead_of_the_code_is_served(serve, history, database_url, tmp_path, mode):
    await Migrator(database_url, script_location=history.script_location).upgrade()
    (history.versions / "b2.py").unlink()
    assert serve(mode).get()["at_start"] == "ahead"


LOOPS = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


@LOOPS
@pytest.mark.parametrize("hook", [migrated, lambda migrator: lifespan(migrator)(None)])
def test_a_start_that_is_cancelled_leaves_nothing_behind(
    project, database_url, admin, loop_factory, hook
):
    project.revision("a1", upgrade="op.execute('create table seat (id int primary key)')")
    project.revision("b2", down="a1", upgrade="op.execute('select pg_sleep(60)')")
    migrator = Migrator(database_url, script_location=project.script_location)

    async def work() -> None:
        async with hook(migrator):
            raise AssertionError("never entered")

    async def start_and_cancel() -> None:
        import asyncpg

        watch = await asyncpg.connect(database_url)
        try:
            task = asyncio.create_task(work())
            others = (
                "select count(*) filter (where wait_event = 'PgSleep') as asleep, count(*) as all "
                "from pg_stat_activity where datname = current_database() "
                "and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            while not (await watch.fetchrow(others))["asleep"]:
                assert not task.done()
                await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await locks(watch) == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}
            while (await watch.fetchrow(others))["all"]:  # a backend's end takes a moment
                await asyncio.sleep(0.02)
            status = await migrator.status()
            assert status.pending[-1:] == ("b2",)
            assert (status.current == ("a1",)) == ("a1" not in status.pending)
        finally:
            await watch.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(start_and_cancel())
