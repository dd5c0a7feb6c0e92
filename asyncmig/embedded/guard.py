"""The process that starts a private PostgreSQL server and stops it.

asyncmig runs it as ``python -I -S guard.py '<json>'``. The process reads from a pipe whose other end
asyncmig holds, and stops the server when the pipe is closed. The kernel closes the pipe when the process of
asyncmig ends for any reason, ``SIGKILL`` included, so no server and no temporary folder remains. On Linux the
kernel also signals the server when the guard ends. The guard has a session of its own, so Ctrl-C in a
terminal does not stop the server before asyncmig has finished its clean-up.

Limits: a child process that asyncmig forks without exec inherits the pipe, and the server runs until that
child ends. A ``SIGKILL`` of the guard itself leaves the temporary folder, and on macOS the server as well.

With ``detached`` there is no pipe: the server runs in the background until it is stopped, and
``server.json`` in its folder says where it listens.

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
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT = 5432
USER = "postgres"
DESCRIPTION = "server.json"
SOCKET_PATH_LIMIT = 100  # sun_path has 104 bytes on macOS and 108 on Linux
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

THROW_AWAY = {
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # in the data folder, and gone with it
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "synchronous_commit": "off",
    "wal_level": "logical",
}
"""Nothing of a throw-away server is worth a disk flush; its autovacuum would only disturb."""

THROW_AWAY_18 = {"io_method": "sync"}
"""From PostgreSQL 18 on: by default other processes read the files, which is more work in memory."""


class RefusalError(Exception):
    """The reason why there is no server. ``kind`` is ``config`` (the folder, the user) or ``start``."""

    def __init__(self, message: str, *, hint: str | None = None, kind: str = "config") -> None:
        super().__init__(message)
        self.report = {"error": message, "hint": hint, "kind": kind}


class StoppedError(Exception):
    """The pipe was closed, or a signal asked us to end."""


class Guard:
    """One server from its first file to its last."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.bin = Path(order["bin"])
        self.folder = Path(order["folder"]) if order["folder"] else None
        self.scratch: str | None = order["scratch"]
        self.tcp: bool = order["tcp"]
        self.settings: dict[str, str] = order["settings"]
        self.stop_timeout: float = order["stop_timeout"]
        self.detached: bool = order["detached"]
        self.wakeup = listen_to_signals()
        self.base: Path | None = None
        self.home = self.folder
        self.doors: tuple[int, ...] = ()

    def serve(self) -> None:
        """Start, report, wait for the end of the pipe, stop."""
        base = self.prepare()
        home = self.home or base
        data, log = home / "data", home / "server.log"
        version = self.run([self.bin / "postgres", "--version"], "postgres does not run")
        major = int(re.findall(r"\d+", version)[0])
        password = self.initialise(home, major)
        self.wait_for_predecessor(data)
        port = free_port() if self.tcp else PORT
        throw_away = THROW_AWAY | (THROW_AWAY_18 if major >= 18 else {})
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": str(port),
            "unix_socket_directories": str(base),
            **({} if self.folder else throw_away),
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(  # noqa: S603 - the installation that we were given
                [self.bin / "postgres", "-D", data, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=home,
                pass_fds=self.doors,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the guard has one thread
            )
        try:
            self.wait_until_ready(server, data, log)
            report = {
                "bin": str(self.bin),
                "data": str((self.folder or base) / "data"),
                "sockets": str(base),
                "port": port,
                "version": version.split()[2],
                "password": password if self.tcp else None,
            }
            if self.detached:
                self.publish(home, report)
            tell(report)
            while server.poll() is None:
                self.pause(None)
        finally:
            self.stop(server)
            if self.detached:
                (home / DESCRIPTION).unlink(missing_ok=True)

    def publish(self, home: Path, report: dict[str, Any]) -> None:
        """Write the file by which later processes find a server in the background."""
        unfinished = home / f"{DESCRIPTION}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(report))
        unfinished.rename(home / DESCRIPTION)

    def prepare(self) -> Path:
        """Make the scratch folder, and leave root behind: PostgreSQL refuses to run as root."""
        if not (self.bin / "postgres").exists():
            raise RefusalError(f"No such file: {self.bin / 'postgres'}", kind="start")
        account = unprivileged_account(self.folder) if os.geteuid() == 0 else None
        self.base = base = scratch_folder(self.scratch, account)
        if self.folder is not None:
            adopt_folder(self.folder, account)
        if account is None:
            return base
        if self.folder is not None and not reachable(self.folder, account):
            self.open_door(self.folder, account)
        if not reachable(self.bin / "postgres", account):
            self.bin = copy_installation(self.bin, base / "installation", account)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        return base

    def open_door(self, folder: Path, account: pwd.struct_passwd) -> None:
        """Give the server access to a folder whose parents only root can enter, without changing those.

        Linux finds ``/proc/self/fd/N`` without looking at the path that was opened; the server and
        its children inherit the descriptor that we opened as root.
        """
        door = os.open(folder, os.O_RDONLY)
        self.doors = (door,)
        self.home = Path(f"/proc/self/fd/{door}")
        if not self.home.is_dir():
            raise RefusalError(
                f"the user {account.pw_name} cannot enter {folder}",
                hint="PostgreSQL does not run as root: choose another folder or another user",
            )

    def initialise(self, home: Path, major: int) -> str:
        """Run initdb, or make sure that what is there fits.

        Returns:
            The superuser's password, for those that come by TCP: any local user could.
        """
        data, password = home / "data", home / "password"
        found = data / "PG_VERSION"
        if found.exists():
            version = found.read_text().strip()
            if version != str(major):
                raise RefusalError(
                    f"{self.folder} is PostgreSQL {version}'s, the server here is {major}",
                    hint="use the matching server, or move the folder away to start afresh",
                )
            return password.read_text()
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        unfinished = home / "initdb"  # renamed when whole: a killed initdb leaves no half
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            self.bin / "initdb",
            "--pgdata",
            unfinished,
            "--username",
            USER,
        ]
        command += ["--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile", password]
        command += ["--encoding=UTF8", "--locale=C"]
        if major >= 16:  # the password is random enough that stretching it adds nothing
            command += ["--set=scram_iterations=1"]
        if major >= 17:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.folder is None:
            command += ["--no-sync", "--wal-segsize=1"]
        self.run(command, "initdb failed")
        unfinished.rename(data)
        return password.read_text()

    def wait_for_predecessor(self, data: Path) -> None:
        """A server whose owner has just died may still be writing its last checkpoint."""
        deadline = time.monotonic() + self.stop_timeout
        while (pid := running_postmaster(data)) is not None:
            if time.monotonic() > deadline:
                raise RefusalError(
                    f"another process ({pid}) runs the server in {self.folder}",
                    hint="wait for it to end, or use that server",
                )
            self.pause(0.05)

    def wait_until_ready(self, server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
        """As pg_ctl does: the last line of postmaster.pid says when connections are taken."""
        while server.poll() is None:
            with contextlib.suppress(OSError, ValueError, IndexError):
                lines = (data / "postmaster.pid").read_text().splitlines()
                if int(lines[0]) == server.pid and lines[7].strip() == "ready":
                    return
            self.pause(0.01)
        words = last_words(log.read_text(errors="replace"))
        raise RefusalError(f"the server did not start: {words}", kind="start")

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Stop fast with a checkpoint, or at once when nothing is to be kept."""
        if server.poll() is None:
            server.send_signal(signal.SIGINT if self.folder else signal.SIGQUIT)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()

    def tidy(self) -> None:
        """Remove the scratch folder, which holds a throw-away server's data too."""
        if self.base is None:
            return
        for _ in range(40):  # a process that was just killed may still have written a file
            shutil.rmtree(self.base, ignore_errors=True)
            if not self.base.exists():
                return
            time.sleep(0.05)

    def pause(self, seconds: float | None) -> None:
        """Wait for a child's end, at most so long. Raises StoppedError when it is time to go."""
        watched = [self.wakeup] if self.detached else [0, self.wakeup]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self.wakeup in ready:
            signals = os.read(self.wakeup, 64)
            if any(number != signal.SIGCHLD for number in signals):
                raise StoppedError
        if 0 in ready and not os.read(0, 64):
            raise StoppedError

    def run(self, command: Sequence[str | Path], failure: str) -> str:
        """Run a program of the installation to its end and give its output."""
        with TemporaryFile(dir=self.base) as output:
            child = subprocess.Popen(  # noqa: S603 - the installation that we were given
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                pass_fds=self.doors,
                start_new_session=True,
            )
            try:
                while child.poll() is None:
                    self.pause(None)
            finally:
                # initdb has children, which would go on writing without it
                for number, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, None)):
                    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                        os.killpg(child.pid, number)
                        child.wait(seconds)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if child.returncode:
            raise RefusalError(f"{failure}: {last_words(text)}", kind="start")
        return text


def unprivileged_account(folder: Path | None) -> pwd.struct_passwd:
    """The user of the server if this process is root: the folder's owner, ``postgres``, or ``nobody``."""
    if folder is not None and folder.exists() and (owner := folder.stat().st_uid):
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RefusalError("no unprivileged user to run PostgreSQL", hint="do not run as root")


def scratch_folder(wanted: str | None, account: pwd.struct_passwd | None) -> Path:
    """A private folder with a path short enough for a Unix socket."""
    parent = Path(wanted or tempfile.gettempdir())
    length = len(os.fsencode(parent)) + len("/asyncmig-12345678/.s.PGSQL.12345")
    if length > SOCKET_PATH_LIMIT or (account is not None and not reachable(parent, account)):
        parent = Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
    base = Path(tempfile.mkdtemp(prefix="asyncmig-", dir=parent))
    if account is not None:
        os.chown(base, account.pw_uid, account.pw_gid)
    return base


def adopt_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Create the private folder of a permanent server."""
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / ".gitignore").exists():
            raise RefusalError(
                f"{folder} holds other files", hint="name an empty folder, or one that is absent"
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o700)
    except OSError as error:
        raise RefusalError(
            f"cannot keep a server in {folder}: {error.strerror}",
            hint="choose a folder that you own",
        ) from None


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


def copy_installation(programs: Path, target: Path, account: pwd.struct_passwd) -> Path:
    """Copy an installation that only root can reach, with the libraries beside its package."""
    package = programs.parents[1]
    moved = target / package.name / programs.parent.name
    shutil.copytree(programs.parent, moved, symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return moved / programs.name


def running_postmaster(data: Path) -> int | None:
    """The process that postmaster.pid names, when it lives."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return pid
    return pid


def free_port() -> int:
    """A free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listen_to_signals() -> int:
    """A file that becomes readable when a child ended or a signal asks us to stop."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer)
    return reader


def die_with_parent() -> None:
    """In the server's process, before it becomes the server: shut down when the guard dies."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)


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
    except StoppedError:
        pass
    except RefusalError as refusal:
        tell(refusal.report)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side must hear of it
        tell({"error": f"{type(error).__name__}: {error}", "hint": None, "kind": "start"})
    finally:
        guard.tidy()
    sys.exit(0)


if __name__ == "__main__":
    main()
