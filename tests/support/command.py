"""The real command, as a process in a pipe and in a pseudo terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Self

from support.processes import restore_interrupt, started

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_INSTALLED = Path(sys.executable).with_name("asyncmig")
PROGRAM = [str(_INSTALLED)] if _INSTALLED.exists() else [sys.executable, "-m", "asyncmig_cli"]
LIMIT = 60


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error of that document."""
        found = self.document
        assert set(found) == {"error"}
        assert set(found["error"]) == {"type", "id", "message", "hint", "fields"}
        return found["error"]


class Forks:
    """Calls in processes forked from one that has imported the command; see ``forking_command``."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(LIMIT)
        self.environ = base_environ()
        program = Path(__file__).with_name("forking_command.py")
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, program, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=self.environ,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.process.wait(LIMIT)

    def suits(self, environ: Mapping[str, str]) -> bool:
        """Whether Python itself would start in the same way with these variables."""
        names = {name for name in environ | self.environ if name.startswith(("PYTHON", "L"))}
        return all(environ.get(name) == self.environ.get(name) for name in names)

    def call(self, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> Outcome:
        """One call, with nothing to read on standard input."""
        with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open() as nothing:
            streams = [nothing.fileno(), out.fileno(), err.fileno()]
            process = self.begin(arguments, streams, cwd=cwd, environ=environ)
            code = self.end(process)
            out.seek(0)
            err.seek(0)
            return Outcome(code, out.read().decode(), err.read().decode())

    def begin(
        self,
        arguments: Sequence[str],
        streams: Sequence[int],
        *,
        cwd: Path,
        environ: Mapping[str, str],
        terminal: bool = False,
    ) -> int:
        """Start a call; the next one waits for its end.

        Args:
            arguments: of the command.
            streams: its standard input, output and error.
            cwd: its folder.
            environ: all of its variables.
            terminal: its input becomes the terminal that it is controlled by.

        Returns:
            The id of its process.
        """
        message = {
            "arguments": arguments,
            "cwd": str(cwd),
            "environ": environ,
            "terminal": terminal,
        }
        socket.send_fds(self.socket, [json.dumps(message).encode()], streams)
        return int(self.socket.recv(64))

    def end(self, process: int) -> int:
        """Wait for the end of the call, and give its exit code."""
        try:
            return int(self.socket.recv(64))
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            self.socket.recv(64)
            raise


def base_environ() -> dict[str, str]:
    """The variables that every call has."""
    kept = ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG", "PYTHONPATH")
    environ = {name: os.environ[name] for name in kept if name in os.environ}
    return environ | {"LANG": "C.UTF-8", "TZ": "UTC"}


class Command:
    """``asyncmig`` in a project's folder, with an environment of its own.

    The fixtures that make one close ``processes``, which holds what ``start`` has started.

    Attributes:
        site: a folder of packages that are installed for its calls in a pipe.
    """

    def __init__(self, cwd: Path, url: str | None = None, forks: Forks | None = None) -> None:
        self.cwd = cwd
        self.forks = forks
        self.processes = ExitStack()
        self.site: Path | None = None
        self.environ = base_environ()
        if url is not None:
            self.environ["ASYNCMIG_URL"] = url

    def __call__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        code: int | None = None,
    ) -> Outcome:
        """Run it in a pipe; with ``code`` the exit code is checked at once."""
        environ = self.environ | dict(env or {})
        forks = self.forks if self.forks is not None and self.forks.suits(environ) else None
        if self.site is not None:
            environ["PYTHONPATH"] = str(self.site)
        if forks is not None:
            outcome = forks.call(arguments, cwd=cwd or self.cwd, environ=environ)
        else:
            finished = subprocess.run(
                [*PROGRAM, *arguments],
                cwd=cwd or self.cwd,
                env=environ,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=LIMIT,
                check=False,
            )
            out, err = finished.stdout.decode(), finished.stderr.decode()
            outcome = Outcome(finished.returncode, out, err)
        if code is not None:
            assert outcome.code == code, outcome
        return outcome

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start it in a pipe and come back at once."""
        process = started(
            [*PROGRAM, *arguments],
            cwd=self.cwd,
            env=self.environ | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self.processes.enter_context(process)

    def terminal(
        self,
        *arguments: str,
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        typed: str = "",
    ) -> Outcome:
        """Run it in a pseudo terminal; ``out`` is all that was written to the screen.

        ``typed`` is what somebody answers to the first question, which ends with ``] ``.
        """
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        environ = self.environ | {"TERM": "xterm-256color"} | dict(env or {})
        streams = [theirs, theirs, theirs]
        if self.forks is not None and self.forks.suits(environ):
            call = self.forks.begin(
                arguments, streams, cwd=self.cwd, environ=environ, terminal=True
            )
            os.close(theirs)
            try:
                written = _read_all(ours, typed)
            finally:
                code = self.forks.end(call)
                os.close(ours)
            return Outcome(code, written.replace("\r\n", "\n"), "")
        process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=self.cwd,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=_own_terminal,
        )
        os.close(theirs)
        try:
            written = _read_all(ours, typed)
            return Outcome(process.wait(LIMIT), written.replace("\r\n", "\n"), "")
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def _own_terminal() -> None:
    """A session with its input as the terminal it is controlled by: Ctrl-C is a signal there."""
    restore_interrupt()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_all(terminal: int, typed: str = "") -> str:
    chunks = []
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 1)
        if not ready:
            continue
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the last writer has gone
            break
        if not chunk:
            break
        chunks.append(chunk)
        if typed and chunk.endswith(b"] "):
            os.write(terminal, typed.encode())
            typed = ""
    return b"".join(chunks).decode()


def plain(text: str) -> str:
    """``text`` without the terminal's control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", text)
