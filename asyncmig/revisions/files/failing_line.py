"""Where in a file an exception was raised."""

from __future__ import annotations

__all__ = ["failing_line"]


def failing_line(path: str, error: BaseException) -> int | None:
    """The line of a file that an exception passed through last; None where it passed through none."""
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
