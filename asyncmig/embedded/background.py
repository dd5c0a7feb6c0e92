"""A private PostgreSQL server that runs in the background, until it is stopped.

The guard process of such a server writes ``server.json`` into the data folder. The file alone proves nothing,
because it remains when the machine loses power. A server is running if its socket, in a folder with a random
name, accepts a connection.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.embedded.lifecycle import (
    EmbeddedServer,
    binaries,
    checked_report,
    described,
    guard_command,
    late_start,
    server,
)
from asyncmig.errors import ConfigError, FileError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["find_background", "project_server", "start_background", "stop_background"]

_DESCRIPTION = "server.json"


@asynccontextmanager
async def project_server(data_dir: str | os.PathLike[str]) -> AsyncIterator[EmbeddedServer]:
    """The server of a data folder: the one in the background, or one for this block.

    Args:
        data_dir: the folder of the data; it is created if needed.

    Raises:
        ConfigError, ConnectionFailedError: as ``server``.
    """
    running = await anyio.to_thread.run_sync(find_background, data_dir)
    if running is not None:
        yield running
        return
    async with server(data_dir) as started:
        yield started


def find_background(data_dir: str | os.PathLike[str]) -> EmbeddedServer | None:
    """The server that runs in the background in a data folder, or None.

    Raises:
        ConfigError: the folder belongs to another user, and cannot be read.
    """
    description = Path(data_dir) / _DESCRIPTION
    try:
        report = json.loads(description.read_text("utf-8"))
        address = os.path.join(report["sockets"], f".s.PGSQL.{report['port']}")  # noqa: PTH118 - a name
        found = described(report)
    except PermissionError as error:
        raise ConfigError(
            f"cannot read {description}: {FileError.reason(error)}",
            hint="run as the user who started the server",
            path=str(description),
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(address)
        except OSError:
            return None
    return found


def start_background(
    data_dir: str | os.PathLike[str], *, start_timeout: float = 60.0
) -> EmbeddedServer:
    """Start a server in the background, or return the one that is running.

    It listens on a Unix socket and on 127.0.0.1, with a random password, and keeps its data in the folder.
    It blocks until the server accepts connections: call it in a thread from an event loop.

    Args:
        data_dir: the folder of the data; it is created if needed.
        start_timeout: seconds until the server must accept connections.

    Raises:
        ConfigError: the wheel is not installed, or the folder cannot be used.
        ConnectionFailedError: the server did not start; the message has the end of its log.
    """
    running = find_background(data_dir)
    if running is not None:
        return running
    command = guard_command(
        binaries(), data_dir, tcp=True, start_timeout=start_timeout, detached=True
    )
    guard = subprocess.Popen(  # noqa: S603 - this interpreter, with a program of this package
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    try:
        return described(checked_report(_first_line(guard, start_timeout)))
    except BaseException:
        guard.terminate()
        with suppress(subprocess.TimeoutExpired):
            guard.wait(5)
        raise
    finally:
        if guard.stdout is not None:
            guard.stdout.close()
        if guard.poll() is None:
            guard.returncode = 0  # it runs on; without this, Popen warns that it was not waited for


def stop_background(data_dir: str | os.PathLike[str], *, timeout: float = 60.0) -> bool:
    """Stop the server that runs in the background, with PostgreSQL's fast shutdown, and wait for its end.

    Returns:
        False if none was running.

    Raises:
        ConfigError: it belongs to another user, or did not stop within ``timeout`` seconds.
    """
    running = find_background(data_dir)
    if running is None:
        return False
    pid = int((running.data_dir / "postmaster.pid").read_text("utf-8").split()[0])
    try:
        os.kill(pid, signal.SIGINT)
    except PermissionError:
        raise ConfigError(
            f"cannot stop the server of process {pid}: it belongs to another user",
            hint="run as the user who started it",
        ) from None
    deadline = time.monotonic() + timeout
    while (Path(data_dir) / _DESCRIPTION).exists():
        if time.monotonic() > deadline:
            raise ConfigError(
                f"the server of process {pid} did not stop within {timeout:g} seconds",
                hint=f"its log is {running.log}",
            )
        time.sleep(0.02)
    return True


def _first_line(guard: subprocess.Popen[bytes], start_timeout: float) -> bytes:
    assert guard.stdout is not None  # noqa: S101 - for the type checker; it was opened as a pipe
    deadline = time.monotonic() + start_timeout
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        ready, _, _ = select.select([guard.stdout], [], [], max(left, 0.0))
        if not ready:
            raise late_start(start_timeout)
        part = os.read(guard.stdout.fileno(), 65_536)
        if not part:
            break
        line += part
    return line
