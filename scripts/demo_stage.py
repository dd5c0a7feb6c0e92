"""What the demo stands on: what it prints, the commands it types, the copies of the service it runs."""

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


class BrokenPromiseError(Exception):
    """Something is not as the demo says."""


@dataclass
class Stage:
    """Where the demo shows itself; colours only on a terminal that wants them."""

    colours: bool = field(
        default_factory=lambda: sys.stdout.isatty() and "NO_COLOR" not in os.environ
    )
    began: float = field(default_factory=time.monotonic)
    sections: list[tuple[str, float]] = field(default_factory=list)
    checks: int = 0

    def style(self, text: str, code: str) -> str:
        """Wrap a text in an ANSI code, where colours are wanted."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    def say(self, text: str = "") -> None:
        """Print at once, so that what processes print follows."""
        print(text, flush=True)

    def section(self, short: str, title: str) -> None:
        """Begin a numbered section; ``short`` names it in the timings."""
        self.sections.append((short, time.monotonic()))
        self.say(f"\n{self.style(f'{len(self.sections)}. {title}', '1;36')}\n")

    def typed(self, command: str) -> None:
        """Show a command as somebody would type it."""
        self.say(self.style(f"$ {command}", "1"))

    def hold(self, promise: str, kept: object, found: object = None) -> None:
        """Say that a promise is kept, or end the demo."""
        if not kept:
            raise BrokenPromiseError(promise if found is None else f"{promise}; found {found!r}")
        self.checks += 1
        self.say(f"{self.style('ok', '32')}  {promise}")

    def timings(self) -> str:
        """How long each section took, on one line."""
        ends = [begun for _, begun in self.sections[1:]] + [time.monotonic()]
        return ", ".join(
            f"{short} {end - begun:.1f} s"
            for (short, begun), end in zip(self.sections, ends, strict=True)
        )


@dataclass
class Copy:
    """One process of the service."""

    number: int
    process: Process
    log: list[str] = field(default_factory=list)
    url: str = ""


class Shell:
    """Runs commands as somebody would type them in the service's folder.

    Args:
        stage: shows them.
        database_url: the environment's DATABASE_URL.
    """

    def __init__(self, stage: Stage, database_url: str) -> None:
        self.stage = stage
        ours = {"DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ASYNCMIG_", "ALEMBIC_", "BOXOFFICE_", "DATABASE_URL", "PG"))
        }
        programs = str(Path(sys.executable).parent)
        path = os.pathsep.join([programs, inherited.get("PATH", os.defpath)])
        self.environment: Mapping[str, str] = inherited | ours | {"PATH": path}

    async def show(self, command: str) -> None:
        """Run a command in sight of the audience."""
        self.stage.typed(command)
        # In a pipe the progress lines belong to the same text.
        stderr = None if sys.stdout.isatty() else subprocess.STDOUT
        async with self._started(command, stdout=None, stderr=stderr) as process:
            code = await process.wait()
        if code:
            raise BrokenPromiseError(f"`{command}` ended with {code}")
        self.stage.say()

    async def json(self, command: str) -> dict[str, Any]:
        """The JSON document that a command prints, behind the stage."""
        async with self._started(
            f"{command} --json", stdout=subprocess.PIPE, stderr=None
        ) as process:
            text = await _everything(process)
            code = await process.wait()
        if code:
            raise BrokenPromiseError(f"`{command} --json` ended with {code}")
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
    async def copies(self, count: int) -> AsyncIterator[list[Copy]]:
        """Copies of the service, started at the same moment; all of them serve when the block begins."""
        serve = "uvicorn --factory boxoffice.app:create_app --port 0"
        for _ in range(count):
            self.stage.typed(f"{serve} &")
        self.stage.say()
        copies: list[Copy] = []
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_end_all, copies)
            listeners = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(listeners.cancel_scope.cancel)
            for number in range(1, count + 1):
                process = await anyio.open_process(
                    [sys.executable, "-m", *serve.split()],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    cwd=SERVICE, env=self.environment, start_new_session=True,
                )  # fmt: skip
                copies.append(Copy(number, process))
            with anyio.move_on_after(START_SECONDS) as patience:
                async with anyio.create_task_group() as starting:
                    for copy in copies:
                        starting.start_soon(listeners.start, _listen, copy)
            if patience.cancelled_caught:
                raise BrokenPromiseError(f"the copies did not start in {START_SECONDS:g} s")
            yield copies


async def _listen(copy: Copy, *, task_status: TaskStatus[None]) -> None:
    """Keep what a copy says; it is ready when it names its port."""
    assert copy.process.stdout is not None
    rest = ""
    async for text in TextReceiveStream(copy.process.stdout, errors="replace"):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            copy.log.append(line)
            if found := re.search(r"running on (http://[\d.:]+)", line):
                copy.url = found[1]
                task_status.started()
    if not copy.url:
        raise BrokenPromiseError(f"copy {copy.number} did not start:\n" + "\n".join(copy.log))


async def _everything(process: Process) -> str:
    assert process.stdout is not None
    return "".join([text async for text in TextReceiveStream(process.stdout)])


async def _end_all(copies: Iterable[Copy]) -> None:
    with anyio.CancelScope(shield=True):
        async with anyio.create_task_group() as ending:
            for copy in copies:
                ending.start_soon(_end, copy.process)


async def _end(process: Process) -> None:
    """Ask a process and its children to end, and see to it that they do."""
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(STOP_SECONDS):
            _signal(process, signal.SIGTERM)
            await process.wait()
            while _signal(process, 0):  # noqa: ASYNC110 - nothing tells of the end of a group
                await anyio.sleep(0.02)
        _signal(process, signal.SIGKILL)
        await process.aclose()


def _signal(process: Process, number: int) -> bool:
    """Signal the session that a process leads; False when nobody is left in it."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
