"""Log records of the standard library for the events of a project.

asyncmig configures no logging. Its loggers are ``asyncmig.run``, ``asyncmig.wait`` and others; a record is
created only if the application has given one of them, or the root, a handler. A service whose server has
configured its own loggers only, as uvicorn does, may name the server's logger as a fallback.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.events import Event
    from asyncmig.telemetry.log_lines import LogLines

__all__ = ["SERVER_LOGGERS", "EventLog", "LogOutlet", "server_logger"]

LOGGERS = (
    "asyncmig.backfill",
    "asyncmig.config",
    "asyncmig.run",
    "asyncmig.server",
    "asyncmig.wait",
)
"""The loggers of events."""

SERVER_LOGGERS = (
    "uvicorn.error",
    "gunicorn.error",
    "_granian",
    "arq",
    "faststream",
)
"""Loggers to which servers and workers write about themselves, with handlers of their own."""


def server_logger() -> logging.Logger | None:
    """The logger of the server in whose process this runs, if it has configured one."""
    known = logging.root.manager.loggerDict
    for name in SERVER_LOGGERS:
        logger = known.get(name)
        if isinstance(logger, logging.Logger) and _own_handlers(logger):
            return logger
    return None


def _own_handlers(logger: logging.Logger) -> bool:
    """Whether a handler below the root receives the records of a logger."""
    current: logging.Logger | None = logger
    while current is not None and current is not logging.root:
        if current.handlers:
            return True
        current = current.parent if current.propagate else None
    return False


@dataclass(slots=True)
class LogOutlet:
    """Where records go.

    Attributes:
        fallback: used where the application has not configured the loggers of asyncmig.
    """

    fallback: logging.Logger | None = None

    @property
    def is_open(self) -> bool:
        """False when no record can reach a handler."""
        if self.fallback is not None or logging.getLogger("asyncmig").hasHandlers():
            return True
        known = logging.root.manager.loggerDict
        return any(getattr(known.get(name), "handlers", ()) for name in LOGGERS)

    def write(
        self, name: str, level: int, text: str, extra: Mapping[str, object] | None = None
    ) -> None:
        """Write a line to ``asyncmig.NAME``, or to the fallback."""
        logger = logging.getLogger(f"asyncmig.{name}")
        if self.fallback is not None and not _is_configured(logger):
            if self.fallback.isEnabledFor(level):
                self.fallback.log(level, "asyncmig: %s", text, extra=extra)
        # without a handler, logging would print warnings on standard error
        elif logger.isEnabledFor(level) and logger.hasHandlers():
            logger.log(level, "%s", text, extra=extra)


def _is_configured(logger: logging.Logger) -> bool:
    """Whether the application has set a level or a handler for a logger, or lets INFO reach the root's."""
    if logger.disabled or (logger.hasHandlers() and logger.isEnabledFor(logging.INFO)):
        return True
    current: logging.Logger | None = logger
    while current is not None and current is not logging.root:
        if current.handlers or current.level != logging.NOTSET or not current.propagate:
            return True
        current = current.parent
    return False


@dataclass(slots=True)
class EventLog:
    """The log of one database.

    Attributes:
        outlet: where its records go; the databases of a project share it.
        name: of the database, where a project has several.
    """

    outlet: LogOutlet = field(default_factory=LogOutlet)
    name: str | None = None
    _lines: LogLines | None = None

    def write(self, event: Event) -> None:
        """Write the line of an event; most programs have no use for it, and import nothing for it."""
        if not self.outlet.is_open:
            return
        from asyncmig.telemetry.attributes import event_attributes
        from asyncmig.telemetry.log_lines import LogLines

        if self._lines is None:
            self._lines = LogLines()
        line = self._lines.line(event)
        text = line.text if self.name is None else f"[{self.name}] {line.text}"
        extra = {"asyncmig.event": type(event).__name__, **event_attributes(event)}
        if self.name is not None:
            extra["asyncmig.database"] = self.name
        self.outlet.write(line.logger, line.level, text, extra)
