"""The parts of the demo: its report, the commands and the replicas of the service that it runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio.streams.text import TextReceiveStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from anyio.abc import Process, TaskStatus

ROOT = Path(__file__).parents[1]
SERVICE = ROOT / "examples" / "fastapi_service"
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class CheckFailedError(Exception):
    """A claim of the demo does not hold."""


@dataclass
class Report:
    """The output of the demo. Colours are used on a terminal, unless NO_COLOR is set."""

    colours: bool = field(
        default_factory=lambda: sys.stdout.isatty() and "NO_COLOR" not in os.environ
    )
    began: float = field(default_factory=time.monotonic)
    sections: list[tuple[str, float]] = field(default_factory=list)
    checks: int = 0

    def style(self, text: str, code: str) -> str:
        """Wrap a text in an ANSI code if colours are enabled."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    def write(self, text: str = "") -> None:
        """Print and flush, so that the output of processes comes after it."""
        print(text, flush=True)

    def section(self, short: str, title: str) -> None:
        """Begin a numbered section; ``short`` is its name in the timings."""
        self.sections.append((short, time.monotonic()))
        self.write(f"\n{self.style(f'{len(self.sections)}. {title}', '1;36')}\n")

    def command(self, command: str) -> None:
        """Show a command line."""
        self.write(self.style(f"$ {command}", "1"))

    def check(self, claim: str, holds: object, found: object = None) -> None:
        """Print a claim that holds; end the demo at one that does not."""
        if not holds:
            raise CheckFailedError(claim if found is None else f"{claim}; found {found!r}")
        self.checks += 1
        self.write(f"{self.style('ok', '32')}  {claim}")

    def timings(self) -> str:
        """The duration of each section, on one line."""
        ends = [begun for _, begun in self.sections[1:]] + [time.monotonic()]
        return ", ".join(
            f"{short} {end - begun:.1f} s"
            for (short, begun), end in zip(self.sections, ends, strict=True)
        )


@dataclass
class Replica:
    """One process of the service."""

    number: int
    process: Process
    log: list[str] = field(default_factory=list)
    url: str = ""


class Shell:
    """Runs commands in the folder of the service.

    Args:
        report: shows the commands and their output.
        database_url: the value of DATABASE_URL for the commands.
    """

    def __init__(self, report: Report, database_url: str) -> None:
        self.report = report
        own = {"DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ASYNCMIG_", "ALEMBIC_", "BOXOFFICE_", "DATABASE_URL", "PG"))
        }
        programs = str(Path(sys.executable).parent)
        path = os.pathsep.join([programs, inherited.get("PATH", os.defpath)])
        self.environment: Mapping[str, str] = inherited | own | {"PATH": path}

    async def show(self, command: str) -> None:
        """Run a command and show its output."""
        self.report.command(command)
        # In a pipe, progress lines go to the same stream as the results.
        stderr = None if sys.stdout.isatty() else subprocess.STDOUT
        async with self._started(command, stdout=None, stderr=stderr) as process:
            code = await process.wait()
        if code:
            raise CheckFailedError(f"`{command}` ended with {code}")
        self.report.write()

    async def json(self, command: str) -> dict[str, Any]:
        """Run a command with --json and return the document, without showing it."""
        async with self._started(
            f"{command} --json", stdout=subprocess.PIPE, stderr=None
        ) as process:
            text = await _read_all(process)
            code = await process.wait()
        if code:
            raise CheckFailedError(f"`{command} --json` ended with {code}")
        document: dict[str, Any] = json.loads(text)
        return document

    @asynccontextmanager
    async def _started(
        self, command: str, *, stdout: int | None, stderr: int | None
    ) -> AsyncIterator[Process]:
        process = await anyio.open_process(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            cwd=SERVICE, env=self.environment, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            await _end(process)

    @asynccontextmanager
    async def replicas(self, count: int) -> AsyncIterator[list[Replica]]:
        """Start replicas of the service at the same time; all of them serve when the block begins."""
        serve = "uvicorn --factory boxoffice.app:create_app --port 0"
        for _ in range(count):
            self.report.command(f"{serve} &")
        self.report.write()
        replicas: list[Replica] = []
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_end_all, replicas)
            listeners = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(listeners.cancel_scope.cancel)
            for number in range(1, count + 1):
                process = await anyio.open_process(
                    [sys.executable, "-m", *serve.split()],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    cwd=SERVICE, env=self.environment, start_new_session=True,
                )  # fmt: skip
                replicas.append(Replica(number, process))
            with anyio.move_on_after(START_SECONDS) as timeout:
                async with anyio.create_task_group() as starting:
                    for replica in replicas:
                        starting.start_soon(listeners.start, _listen, replica)
            if timeout.cancelled_caught:
                raise CheckFailedError(f"the replicas did not start in {START_SECONDS:g} s")
            yield replicas


async def _listen(replica: Replica, *, task_status: TaskStatus[None]) -> None:
    """Collect the output of a replica; it is ready when it prints its URL."""
    assert replica.process.stdout is not None
    rest = ""
    async for text in TextReceiveStream(replica.process.stdout, errors="replace"):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            replica.log.append(line)
            if found := re.search(r"running on (http://[\d.:]+)", line):
                replica.url = found[1]
                task_status.started()
    if not replica.url:
        raise CheckFailedError(
            f"replica {replica.number} did not start:\n" + "\n".join(replica.log)
        )


async def _read_all(process: Process) -> str:
    assert process.stdout is not None
    return "".join([text async for text in TextReceiveStream(process.stdout)])


async def _end_all(replicas: Iterable[Replica]) -> None:
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as ending:
            for replica in replicas:
                ending.start_soon(_end, replica.process)


async def _end(process: Process) -> None:
    """Terminate a process and its children, and kill them if they do not end."""
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(STOP_SECONDS):
            _signal(process, signal.SIGTERM)
            await process.wait()
            while _signal(process, 0):  # noqa: ASYNC110 - there is no event for the end of a process group
                await anyio.sleep(0.02)
        _signal(process, signal.SIGKILL)
        await process.aclose()


def _signal(process: Process, number: int) -> bool:
    """Signal the session that a process leads; False if the session has no process left."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
