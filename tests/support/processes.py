"""Processes that a test starts: they take Ctrl-C, and none of them outlives its test."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["end", "restore_interrupt", "started", "unmeasured"]


def unmeasured(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables without the one by which coverage measures a process: it imports modules of its own."""
    return {name: value for name, value in environ.items() if name != "COVERAGE_PROCESS_CONFIG"}


def restore_interrupt() -> None:
    """Let SIGINT interrupt the process; pass this as ``preexec_fn``.

    A shell that is not interactive ignores SIGINT in what it starts in the background. Children inherit
    this, and Python then installs no handler.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(command: Sequence[Any], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a process that is killed at the end of the block, if it still runs."""
    process = subprocess.Popen(command, preexec_fn=restore_interrupt, text=True, **options)
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process that still runs, and close the pipes to it."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
