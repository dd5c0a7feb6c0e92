"""The exit codes, a promise to scripts and pipelines."""

from typing import Final

__all__ = ["ExitCode"]


class ExitCode:
    """What the command's exit status says."""

    DONE: Final = 0
    ERROR: Final = 1
    USAGE: Final = 2
    PENDING: Final = 3
    LOCKED: Final = 4
    PARTIAL: Final = 5
    INTERRUPTED: Final = 130
    TERMINATED: Final = 143
