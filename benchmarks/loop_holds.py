"""``python -m benchmarks.loop_holds``: how long the event loop is held, and how much memory a run takes.

A task ticks every two milliseconds. What counts between two ticks is the processor time of the process, so
that other programs of the machine do not count. Each line is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.server import find_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEGABYTE = 1_000_000
TICK = 0.002
LINE = 125
"""Characters of a row of the SQL files."""


def _inserts(size: int) -> Iterator[str]:
    for number in range(size // LINE):
        yield f"INSERT INTO t VALUES ({number}, '{'x' * 90}');\n"


def _one_statement(size: int) -> Iterator[str]:
    yield "INSERT INTO t VALUES (0, '')"
    for number in range(size // LINE):
        yield f",\n({number}, '{'x' * 108}')"
    yield ";\n"


def _copy(size: int) -> Iterator[str]:
    yield "COPY t FROM stdin;\n"
    for number in range(size // LINE):
        yield f"{number}\t{'x' * 115}\n"
    yield "\\.\n"


def _dollar_quote(size: int) -> Iterator[str]:
    yield f"INSERT INTO t VALUES (1, $text${'it is a word; ' * (size // 14)}$text$);\n"


def _comments(size: int) -> Iterator[str]:
    yield "-- it's a comment, and the next line is another one\n" * (size // 52)


SQL: dict[str, Callable[[int], Iterator[str]]] = {
    "inserts": _inserts,
    "one statement": _one_statement,
    "copy": _copy,
    "dollar quote": _dollar_quote,
    "comments": _comments,
}


def write_sql_revision(folder: Path, shape: str, size: int) -> None:
    """One revision of about ``size`` characters."""
    with (folder / "a1.sql").open("w") as file:
        file.write("-- revision: a1\n-- upgrade\nCREATE TABLE t (id int, s text);\n")
        file.writelines(SQL[shape](size))
        file.write("-- downgrade\nDROP TABLE t;\n")


def write_history(folder: Path, count: int) -> None:
    """So many Python revisions."""
    down = None
    for number in range(count):
        name = f"r{number:05}"
        (folder / f"{name}.py").write_text(
            f'"""Revision {number}."""\nfrom asyncmig import op\n\nrevision = "{name}"\n'
            f"down_revision = {down!r}\n\n\n"
            f'def upgrade():\n    op.execute("SELECT {number}")\n\n\n'
            f'def downgrade():\n    op.execute("SELECT -{number}")\n'
        )
        down = name


async def measure(url: str, scripts: str) -> list[dict[str, object]]:
    """The longest hold of each method of a first process."""
    from asyncmig import Migrator

    holds: list[float] = []

    async def tick() -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(TICK)
            now = time.process_time()
            holds.append(now - last)
            last = now

    migrator = Migrator(url, script_location=scripts)
    task = asyncio.create_task(tick())
    found: list[dict[str, object]] = []
    methods = (
        ("status", migrator.status),
        ("upgrade", migrator.upgrade),
        ("downgrade", lambda: migrator.downgrade("base")),
    )
    for name, method in methods:
        await asyncio.sleep(0.05)
        holds.clear()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        await method()
        seconds = time.perf_counter() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found.append(
            {
                "method": name,
                "seconds": round(seconds, 2),
                "longest_hold_ms": round(max(holds, default=0.0) * 1000, 1),
                "ticks": len(holds),
                "memory_mb": round(grown / 1024),
            }
        )
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs=2, metavar=("URL", "SCRIPTS"), help=argparse.SUPPRESS)
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--revisions", type=int, nargs="*", default=[1000, 10_000])
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(asyncio.run(measure(*options.measure))))
        return 0
    with ExitStack() as resources:
        root = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="asyncmig-")))
        root.chmod(0o711)  # the embedded server's account passes through
        server = resources.enter_context(find_server(root))
        for shape in SQL:
            folder = _versions(root, shape.replace(" ", "_"))
            write_sql_revision(folder, shape, options.megabytes * MEGABYTE)
            with server.database() as url:
                _report(f"{options.megabytes} MB, {shape}", url, folder)
        for count in options.revisions:
            folder = _versions(root, f"history_{count}")
            write_history(folder, count)
            with server.database() as url:
                _report(f"{count:,} revisions", url, folder)
    return 0


def _versions(root: Path, name: str) -> Path:
    folder = root / name / "versions"
    folder.mkdir(parents=True)
    return folder


def _report(title: str, url: str, folder: Path) -> None:
    command = (sys.executable, "-m", "benchmarks.loop_holds", "--measure", url, str(folder.parent))
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for line in found:
        print(
            f"{title:28} {line['method']:10} {line['seconds']:7.2f} s"
            f"   longest hold {line['longest_hold_ms']:6.1f} ms   memory +{line['memory_mb']} MB",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
