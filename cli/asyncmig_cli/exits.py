"""The exit codes, a promise to scripts and pipelines."""

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """What the command's exit status says."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    PENDING = 3
    LOCKED = 4
    PARTIAL = 5
    INTERRUPTED = 130
    TERMINATED = 143
