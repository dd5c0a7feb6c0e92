"""The exit codes of the command line; scripts and pipelines rely on them."""

from typing import Final

__all__ = ["ExitCode"]


class ExitCode:
    """The exit codes of ``asyncmig``."""

    DONE: Final = 0
    ERROR: Final = 1
    USAGE: Final = 2
    PENDING: Final = 3
    LOCKED: Final = 4
    PARTIAL: Final = 5
    INTERRUPTED: Final = 130
    TERMINATED: Final = 143
