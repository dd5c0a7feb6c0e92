"""Where log records go: to the loggers of asyncmig, or to that of the server in whose process it runs."""

from __future__ import annotations

import io
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from asyncmig import events
from asyncmig.telemetry.event_log import (
    LOGGERS,
    SERVER_LOGGERS,
    EventLog,
    LogOutlet,
    server_logger,
)
from asyncmig.telemetry.log_lines import LogLines

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = events.NothingPending(direction="upgrade", heads=("a1",))
WAIT = events.LockBlocked(blockers=())
NOTICE = events.ServerNotice(severity="NOTICE", message="it exists")
CONFIG = events.ConfigWarning(message="no effect")
FILLED = events.BackfillWaiting(revision="a1", backfill="fill", reason="paused")


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record)

    @property
    def texts(self) -> list[str]:
        return [record.getMessage() for record in self.found]


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    """No level and no handler but the root's."""
    loggers = [logging.getLogger(name) for name in ("asyncmig", "asyncmig.run", "uvicorn")]
    loggers += [logging.getLogger(name) for name in SERVER_LOGGERS]
    saved = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers[:] = []
        each.setLevel(logging.NOTSET)
        each.propagate = True
    yield
    for each, handlers, level, propagate in saved:
        each.handlers[:] = handlers
        each.setLevel(level)
        each.propagate = propagate


@contextmanager
def bare_root() -> Iterator[None]:
    """The root as in a new process: pytest has handlers there."""
    root = logging.root
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
def uvicorn() -> Records:
    """uvicorn's loggers as its default configuration makes them."""
    records = Records()
    parent = logging.getLogger("uvicorn")
    parent.addHandler(records)
    parent.setLevel(logging.INFO)
    parent.propagate = False
    return records


def log(fallback: logging.Logger | None = None, name: str | None = None) -> EventLog:
    return EventLog(LogOutlet(fallback), name)


def test_without_configuration_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with bare_root():
        log().write(DONE)
        log().write(WAIT)
    assert capsys.readouterr() == ("", "")


def test_a_record_has_the_fields_of_its_event() -> None:
    records = Records()
    logging.getLogger("asyncmig").addHandler(records)
    logging.getLogger("asyncmig").setLevel(logging.INFO)
    log(name="audit").write(DONE)
    (record,) = records.found
    assert record.name == "asyncmig.run"
    assert record.getMessage() == "[audit] upgrade: nothing is pending, at a1"
    facts = {name: value for name, value in vars(record).items() if "asyncmig." in name}
    assert facts == {
        "asyncmig.event": "NothingPending",
        "asyncmig.direction": "upgrade",
        "asyncmig.heads": ("a1",),
        "asyncmig.ahead": False,
        "asyncmig.database": "audit",
    }


def test_one_logger_alone_may_have_a_handler() -> None:
    records = Records()
    with bare_root():
        logging.getLogger("asyncmig.run").addHandler(records)
        logging.getLogger("asyncmig.run").setLevel(logging.INFO)
        log().write(DONE)
        log().write(WAIT)
    assert records.texts == ["upgrade: nothing is pending, at a1"]


def test_the_loggers_of_events_are_those_of_the_lines() -> None:
    lines = LogLines()
    found = {lines.line(event).logger for event in (DONE, WAIT, NOTICE, CONFIG, FILLED)}
    assert {f"asyncmig.{name}" for name in found} == set(LOGGERS)


def test_records_reach_the_handler_of_the_root() -> None:
    stream = io.StringIO()
    with bare_root():
        logging.basicConfig(stream=stream, level=logging.INFO)
        log(logging.getLogger("uvicorn.error")).write(DONE)
    assert stream.getvalue() == "INFO:asyncmig.run:upgrade: nothing is pending, at a1\n"


def test_the_server_shows_what_the_application_has_not_configured(uvicorn: Records) -> None:
    assert server_logger() is logging.getLogger("uvicorn.error")
    with bare_root():
        log(server_logger()).write(DONE)
    assert uvicorn.texts == ["asyncmig: upgrade: nothing is pending, at a1"]


def test_the_servers_level_counts(uvicorn: Records) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    log(server_logger()).write(DONE)
    log(server_logger()).write(WAIT)
    assert uvicorn.texts == ["asyncmig: blocked by another session"]


@pytest.mark.parametrize("name", ["asyncmig", "asyncmig.run"])
def test_a_level_or_handler_of_the_applications_replaces_the_server(
    uvicorn: Records, name: str
) -> None:
    logging.getLogger(name).setLevel(logging.ERROR)
    log(server_logger()).write(DONE)
    assert uvicorn.found == []
    logging.getLogger(name).setLevel(logging.NOTSET)
    records = Records()
    logging.getLogger(name).addHandler(records)
    log(server_logger()).write(DONE)
    assert uvicorn.found == records.found == []  # the root's level is WARNING


def test_there_is_no_server_in_other_processes() -> None:
    logging.getLogger("uvicorn.error")
    assert server_logger() is None
