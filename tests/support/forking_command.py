"""A program that has imported the command and its libraries, and forks a process for each call.

Most of the time of a short command goes into imports. ``support.command`` starts this program once in
a process of the tests and sends it calls over a socket: arguments, folder, environment, and the
three standard streams. Each call runs ``main`` in a process of its own and ends as any process does.
"""

from __future__ import annotations

import io
import json
import os
import pkgutil
import signal
import socket
import sys
import time
from importlib import import_module

IMPORTED = (
    "asyncpg",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "rich.live",
    "rich.progress_bar",
    "rich.spinner",
    "rich.table",
    "typer",
    "anyio._backends._asyncio",
    "asyncmig.migrator",
    "asyncmig.autogenerate.compare",
    "asyncmig.execution.pending_run",
    "asyncmig.execution.runner",
    "asyncmig_cli.application",
    "asyncmig_cli.progress.live",
)


def import_everything() -> None:
    for name in IMPORTED:
        import_module(name)
    commands = import_module("asyncmig_cli.commands")
    for module in pkgutil.iter_modules(commands.__path__):
        import_module(f"asyncmig_cli.commands.{module.name}")


def serve(calls: socket.socket) -> None:
    """Fork for each call and answer with its exit code; return in the process of a call."""
    while True:
        text, streams, _, _ = socket.recv_fds(calls, 1 << 20, 3)
        if not text:
            sys.exit()
        child = os.fork()
        if child == 0:
            calls.close()
            begin(json.loads(text), streams)
            return
        for stream in streams:
            os.close(stream)
        calls.send(str(child).encode())
        calls.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def begin(call: dict[str, object], streams: list[int]) -> None:
    """Become the process that the call asks for."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    unchanged = "surrogateescape"  # as Python opens them in the locale C.UTF-8
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8", unchanged)
    out, err = (io.BufferedWriter(io.FileIO(number, "w")) for number in (1, 2))
    sys.stdout = io.TextIOWrapper(out, "utf-8", unchanged)
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", line_buffering=True)
    os.chdir(str(call["cwd"]))
    os.environ.clear()
    os.environ.update(call["environ"])  # type: ignore[arg-type]  # a dict of the caller's
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[1:] = call["arguments"]  # type: ignore[assignment]  # a list of the caller's


if __name__ == "__main__":
    import_everything()
    serve(socket.socket(fileno=int(sys.argv.pop(1))))
    from asyncmig_cli.app import main

    main()
