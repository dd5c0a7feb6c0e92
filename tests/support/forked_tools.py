"""Alembic's and asyncmig's command as processes that need not import everything first.

A server process imports both tools once and is forked for each call, which then has a process of its
own: its directory, environment, streams and exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Finished", "run_tool"]

_PRELOADED = [
    "alembic.config",
    "alembic.command",
    "alembic.ddl.postgresql",
    "asyncpg",
    "psycopg2",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "asyncmig.migrator",
    "asyncmig.project.visit",
    "asyncmig.alembic_compat.env_script.execute",
    "asyncmig.execution.pending_run",
    "asyncmig.execution.runner",
    "asyncmig_cli.app",
    "support.forked_tools",
]
LIMIT = 120


@dataclass
class Finished:
    """A process that has ended."""

    code: int
    out: str
    err: str


def run_tool(
    tool: str, arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], stdin: str = ""
) -> Finished:
    """Run ``alembic`` or ``asyncmig``.

    Args:
        tool: which.
        arguments: of the command line.
        cwd: the working directory.
        environ: all environment variables.
        stdin: what is typed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("in", "out", "err")]
        streams[0].write_text(stdin)
        process = context.Process(
            target=_run, args=(tool, list(arguments), str(cwd), dict(environ), streams)
        )
        process.start()
        process.join(LIMIT)
        if process.exitcode is None:
            process.kill()
            process.join()
        out, err = (path.read_text() if path.exists() else "" for path in streams[1:])
        return Finished(process.exitcode if process.exitcode is not None else -1, out, err)


def _run(
    tool: str, arguments: list[str], cwd: str, environ: dict[str, str], streams: list[Path]
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    for number, path in enumerate(streams):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = os.fdopen(0)
    sys.stdout = os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w")
    sys.argv = [tool, *arguments]
    if tool == "alembic":
        from alembic.config import main
    else:
        from asyncmig_cli.app import main
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
