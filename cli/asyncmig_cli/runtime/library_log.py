"""The library's own log lines on standard error, where the user asks for detail with ``-v``."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig_cli.output.console import Stream

__all__ = ["shown_log"]


@contextlib.contextmanager
def shown_log(arguments: Sequence[str], stream: "Stream") -> Iterator[None]:
    """Write what the library logs as notes to a stream, during one call that has ``-v``."""
    if not {"-v", "--verbose"} & set(arguments):
        yield
        return
    import logging

    class Notes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "asyncmig.event" not in record.__dict__:  # the progress shows events
                stream.line(f"note: {record.getMessage()}")

    logger, handler = logging.getLogger("asyncmig"), Notes()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
