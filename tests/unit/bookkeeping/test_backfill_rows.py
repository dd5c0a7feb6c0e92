"""asyncmig.bookkeeping.backfill_rows: backfills and refused rows, as users see them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from asyncmig.bookkeeping.backfill_rows import read_backfills, read_failures
from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.sql.backfills.parse import parse_backfill
from support.fake_session import FakeSession

TABLES = BackfillTables(schema="app")
DEFINITION = parse_backfill("name=fill", "UPDATE t SET a = 1 WHERE a IS NULL")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ROW = {
    "name": "fill",
    "revision": "a1",
    "definition": DEFINITION.to_dict(),
    "state": "running",
    "deferred": False,
    "all_rows": 40,
    "all_scanned": 60,
    "scanned_now": 30,
    "total": 130,
    "all_batches": 4,
    "all_failed": 2,
    "rate": 50.0,
    "workers": 1,
    "on_standby": False,
    "pass": 2,
    "attempts": 3,
    "reason": None,
    "error": None,
    "created_at": NOON,
    "started_at": NOON,
    "finished_at": None,
}


async def read(**changes: Any) -> Any:
    session = FakeSession(rows={"all_rows": [ROW | changes]})
    (found,) = await read_backfills(session, TABLES)
    return found


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_row(as_text) -> None:
    definition = DEFINITION.to_dict()
    found = await read(definition=json.dumps(definition) if as_text else definition)
    assert (found.name, found.revision, found.table) == ("fill", "a1", "t")
    assert found.sql == DEFINITION.statement()
    assert (found.rows, found.scanned, found.total, found.batches) == (40, 60, 130, 4)
    assert (found.failed, found.workers, found.pass_number, found.attempts) == (2, 1, 2, 3)
    assert found.created_at == found.started_at == "2026-01-02T12:00:00+00:00"
    assert found.finished_at is None


INTERRUPTED = ("interrupted", "no process runs it: `asyncmig backfill run fill` continues it")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("running", None)),
        ({"workers": 0}, INTERRUPTED),
        ({"state": "waiting", "reason": "a vacuum"}, ("waiting", "a vacuum")),
        ({"state": "waiting", "reason": "a vacuum", "workers": 0}, INTERRUPTED),
        ({"workers": 0, "on_standby": True}, ("running", None)),
        ({"state": "pending", "workers": 0}, ("pending", None)),
        ({"state": "paused", "reason": "by a person", "workers": 0}, ("paused", "by a person")),
    ],
)
async def test_a_started_job_that_no_process_runs_is_interrupted(changes, expected) -> None:
    found = await read(**changes)
    assert (found.state, found.reason) == expected


@pytest.mark.parametrize(
    ("changes", "remaining"),
    [
        ({}, 2.0),
        ({"scanned_now": 500}, 0.0),
        ({"rate": 0}, None),
        ({"total": None}, None),
    ],
)
async def test_the_remaining_time_is_that_of_this_pass(changes, remaining) -> None:
    assert (await read(**changes)).remaining == remaining


async def test_what_is_asked_for() -> None:
    session = FakeSession()
    assert await read_backfills(session, TABLES) == ()
    assert await read_backfills(session, TABLES, name="fill", only_open=True) == ()
    asked = [message.split()[-2:] for message in session.messages]
    assert asked == [["None", "False"], ["fill", "True"]]


async def test_refused_rows() -> None:
    row = {"key": ["7"], "sqlstate": "23505", "error": "duplicate", "at": NOON}
    session = FakeSession(rows={"f.sqlstate": [row, row | {"key": ["8", "x"]}]})
    found = await read_failures(session, TABLES, "fill", 5)
    assert [each.key for each in found] == [("7",), ("8", "x")]
    assert (found[0].sqlstate, found[0].error) == ("23505", "duplicate")
    assert found[0].at == "2026-01-02T12:00:00+00:00"
    assert session.messages[0].endswith(" fill 5")
