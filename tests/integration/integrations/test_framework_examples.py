"""The programs of ``examples/frameworks`` and ``examples/sqlmodel_service``.

Each is a process of its own, which migrates, answers a request or does a job, and ends by SIGTERM.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest

from support.command import Command
from support.paths import ROOT
from support.processes import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples"
FRAMEWORKS = EXAMPLES / "frameworks"
SQLMODEL = EXAMPLES / "sqlmodel_service"
UVICORN = ("-m", "uvicorn", "--port", "PORT")
HYPERCORN = ("-m", "hypercorn", "--bind", "127.0.0.1:PORT")
BY_SIGNAL = -signal.SIGTERM
"""The exit code of uvicorn, which raises the signal again when it has shut down."""
LIMIT = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """An example that runs; its output is in a file."""

    def __init__(self, process: Any, output: Path) -> None:
        self.process = process
        self.output = output

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT)

    def wait_for_port(self, port: int) -> None:
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self.output.read_text())

    def wait_for_output(self, text: str) -> None:
        deadline = time.monotonic() + LIMIT
        while text not in (output := self.output.read_text()):
            assert self.process.poll() is None, output
            assert time.monotonic() < deadline, output
            time.sleep(0.05)


@contextmanager
def running(
    folder: Path, arguments: list[str], output: Path, **variables: str
) -> Iterator[Program]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with (
        output.open("w") as file,
        started(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment | variables,
            stdout=file,
            stderr=file,
        ) as process,
    ):
        yield Program(process, output)


@pytest.fixture
def redis_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a server of fakeredis, for one test."""
    from fakeredis import TcpFakeServer
    from fakeredis._commands import SUPPORTED_COMMANDS, Signature
    from fakeredis._socket import FakeSocket

    # arq logs what INFO answers; fakeredis does not have this command
    monkeypatch.setitem(SUPPORTED_COMMANDS, "info", Signature("info", "info", (bytes,)))
    answer = b"redis_version:7.0.0\r\n"
    monkeypatch.setattr(FakeSocket, "info", lambda *_: answer, raising=False)
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


async def applied(url: str) -> list[str]:
    """The revisions that the journal has, in the order in which they were applied."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT DISTINCT revision FROM asyncmig_journal ORDER BY 1")
        return [row["revision"] for row in rows]
    finally:
        await connection.close()


async def notes(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["text"] for row in await connection.fetch("SELECT text FROM notes ORDER BY id")]
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("command", "application", "code"),
    [
        (UVICORN, "starlette_app:app", BY_SIGNAL),
        (UVICORN, "litestar_app:app", BY_SIGNAL),
        (HYPERCORN, "quart_app:app", 0),
        (UVICORN, "django_app:application", BY_SIGNAL),
    ],
    ids=["starlette", "litestar", "quart", "django"],
)
async def test_a_service_migrates_serves_and_ends(
    command: tuple[str, ...], application: str, code: int, database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    arguments = [word.replace("PORT", str(port)) for word in command] + [application]
    with running(FRAMEWORKS, arguments, tmp_path / "log", DATABASE_URL=database_url) as program:
        program.wait_for_port(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            added = await client.post("/notes", json={"text": "buy milk"})
            listed = await client.get("/notes")
        ended = program.terminate()

    assert (added.status_code, added.json()) == (201, {"id": 1, "text": "buy milk"})
    assert listed.json() == [{"id": 1, "text": "buy milk"}]
    assert await applied(database_url) == ["0001", "0002"]
    assert ended == code, program.output.read_text()


async def test_the_sqlmodel_service_and_its_models(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    arguments = [*UVICORN[:-1], str(port), "app:app"]
    with running(SQLMODEL, arguments, tmp_path / "log", DATABASE_URL=database_url) as program:
        program.wait_for_port(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            added = await client.post("/heroes", json={"name": "Ada"})
            listed = await client.get("/heroes")
        ended = program.terminate()

    assert (added.status_code, added.json()) == (201, {"id": 1, "name": "Ada", "team_id": None})
    assert listed.json() == [added.json()]
    assert ended == BY_SIGNAL
    command = Command(SQLMODEL, database_url)
    assert "no differences" in command("check", code=0).out


async def test_the_arq_worker(database_url: str, redis_url: str, tmp_path: Path) -> None:
    from arq import create_pool
    from arq.connections import RedisSettings

    queue = await create_pool(RedisSettings.from_dsn(redis_url))
    job = await queue.enqueue_job("add_note", "buy milk")
    assert job is not None
    with running(
        FRAMEWORKS,
        # it ends when the queue is empty: a signal would cancel a job whose result was just stored
        ["-m", "arq", "arq_worker.WorkerSettings", "--burst"],
        tmp_path / "log",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
    ) as program:
        result = await job.result(timeout=LIMIT)
        ended = await asyncio.to_thread(program.process.wait, LIMIT)
    await queue.aclose()

    assert (result, await notes(database_url)) == (1, ["buy milk"])
    assert await applied(database_url) == ["0001", "0002"]
    assert ended == 0, program.output.read_text()


async def test_the_taskiq_worker(database_url: str, tmp_path: Path) -> None:
    from taskiq.brokers.zmq_broker import ZeroMQBroker
    from taskiq.kicker import AsyncKicker

    queue = f"tcp://127.0.0.1:{free_port()}"
    broker = ZeroMQBroker(zmq_pub_host=queue)
    await broker.startup()
    with running(
        FRAMEWORKS,
        ["-m", "taskiq", "worker", "--workers", "1", "taskiq_worker:broker"],
        tmp_path / "log",
        DATABASE_URL=database_url,
        QUEUE_URL=queue,
    ) as program:
        program.wait_for_output("Listening started.")
        deadline = time.monotonic() + LIMIT
        while not await notes(
            database_url
        ):  # ZeroMQ drops a message that comes before the subscription
            assert time.monotonic() < deadline, program.output.read_text()
            await AsyncKicker("add_note", broker, {}).kiq("buy milk")
            await asyncio.sleep(0.2)
        ended = program.terminate()
    await broker.shutdown()
    broker.socket.close()
    broker.context.term()

    assert set(await notes(database_url)) == {"buy milk"}
    assert await applied(database_url) == ["0001", "0002"]
    assert ended == 0, program.output.read_text()


async def test_the_faststream_worker(database_url: str, redis_url: str, tmp_path: Path) -> None:
    from redis.asyncio import Redis

    with running(
        FRAMEWORKS,
        ["-m", "faststream", "run", "faststream_worker:app"],
        tmp_path / "log",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
    ) as program:
        async with Redis.from_url(redis_url) as queue:
            await queue.rpush("notes", "buy milk")
            deadline = time.monotonic() + LIMIT
            while await queue.llen("notes"):
                assert time.monotonic() < deadline, program.output.read_text()
                assert program.process.poll() is None, program.output.read_text()
        ended = program.terminate()

    assert await notes(database_url) == ["buy milk"], program.output.read_text()
    assert await applied(database_url) == ["0001", "0002"]
    assert ended == 0, program.output.read_text()
