"""A program that has imported the command and its libraries, and forks a process for each call.

Most of the time of a short command goes into imports. ``support.command`` starts this program once in
a process of the tests and sends it calls over a socket: arguments, folder, environment, and the
three standard streams. Each call runs ``main`` in a process of its own and ends as any process does.
"""

from __future__ import annotations

import atexit
import fcntl
import io
import json
import os
import pkgutil
import signal
import socket
import sys
import termios
import threading
import time
from importlib import import_module

LIBRARIES = (
    "anyio._backends._asyncio",
    "anyio._core._signals",
    "asyncpg",
    "email.parser",
    "encodings.utf_8_sig",
    "rich.live",
    "rich.markdown",
    "rich.progress_bar",
    "rich.spinner",
    "rich.table",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "tomllib",
    "typer.rich_utils",
)
OWN = ("asyncmig", "asyncmig_cli")
NOT_OF_THE_COMMAND = ("asyncmig.integrations", "asyncmig.testing")
"""They import frameworks and pytest."""


def import_everything() -> None:
    """Import the libraries that a command may use, and all of the project's own modules."""
    for name in LIBRARIES:
        import_module(name)
    for package in OWN:
        for path in import_module(package).__path__:
            import_modules(path, package)


def import_modules(path: str, package: str) -> None:
    """Import what is below a package."""
    for module in pkgutil.iter_modules([path], f"{package}."):
        if module.name in NOT_OF_THE_COMMAND or module.name.endswith("__main__"):
            continue
        import_module(module.name)
        if module.ispkg:
            import_modules(f"{path}/{module.name.rpartition('.')[2]}", module.name)


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
    if call["terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    unchanged = "surrogateescape"  # as Python opens them in the locale C.UTF-8
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0)), "utf-8", unchanged)
    out, err = (io.BufferedWriter(io.FileIO(number, "w")) for number in (1, 2))
    sys.stdout = io.TextIOWrapper(out, "utf-8", unchanged, line_buffering=os.isatty(1))
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", line_buffering=True)
    os.chdir(str(call["cwd"]))
    os.environ.clear()
    os.environ.update(call["environ"])  # type: ignore[arg-type]  # a dict of the caller's
    added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [folder for folder in added if folder and folder not in sys.path]
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[1:] = call["arguments"]  # type: ignore[assignment]  # a list of the caller's


def end(code: str | int | None) -> None:
    """End as ``sys.exit`` does, but leave the imported modules to the system instead of taking them apart."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(code, str) else code or 0)


if __name__ == "__main__":
    import_everything()
    serve(socket.socket(fileno=int(sys.argv.pop(1))))
    from asyncmig_cli.app import main

    try:
        main()
    except SystemExit as ended:
        end(ended.code)
