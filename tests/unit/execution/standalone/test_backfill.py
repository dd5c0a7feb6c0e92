"""asyncmig.execution.standalone.backfill: a backfill between the two rows of the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asyncmig.config.settings import Settings
from asyncmig.errors import BackfillError, PartiallyAppliedError
from asyncmig.events import PhaseStarted
from asyncmig.execution.standalone import backfill
from asyncmig.execution.standalone.statement import send_standalone
from asyncmig.execution.work_units import StandaloneStatement
from asyncmig.sql.backfills.parse import parse_backfill
from support.executions import trace
from support.fake_session import FakeSession, fake_context
from support.plans import BOOKS, WITHOUT_JOURNAL, statement, step

SQL = "UPDATE t SET a = 1 WHERE a IS NULL"
DEFINITION = parse_backfill("name=fill", SQL)
UNIT = StandaloneStatement(
    step=step(), phase=2, index=0, statement=replace(statement(SQL), backfill=DEFINITION)
)


@pytest.fixture
def jobs(monkeypatch) -> list[dict[str, Any]]:
    """The backfills that were run."""
    found: list[dict[str, Any]] = []

    async def run(session: Any, tables: Any, options: Any, emit: Any, **facts: Any) -> None:
        found.append(facts | {"tables": tables, "options": options})
        if session.refuse("job") is not None:
            raise session.refuse("job")

    monkeypatch.setattr(backfill, "run_backfill_phase", run)
    return found


async def test_its_job_runs_once(jobs) -> None:
    events: list[Any] = []
    session = FakeSession()
    settings = Settings(script_location="migrations", backfill_batch_size=77)
    await send_standalone(replace(fake_context(session, events=events), settings=settings), UNIT)
    (job,) = jobs
    assert (job["revision"], job["definition"], job["tables"]) == (
        "a1",
        DEFINITION,
        BOOKS.backfills,
    )
    assert job["options"].batch_size == 77
    assert events == [PhaseStarted(revision="a1", phase=2, kind="backfill")]
    assert session.messages == []


@pytest.mark.parametrize(
    ("books", "closed", "recorded"),
    [(BOOKS, False, True), (WITHOUT_JOURNAL, False, False), (BOOKS, True, False)],
)
async def test_a_failure_is_recorded(jobs, books, closed, recorded) -> None:
    error = BackfillError("no key", hint="add one", backfill="fill")
    session = FakeSession(lambda sql: error if sql == "job" else None)
    session.closed = closed
    with pytest.raises(PartiallyAppliedError, match=r"a1 stopped at a1\.py:7: no key") as raised:
        await send_standalone(fake_context(session, books=books), UNIT)
    assert raised.value.hint == "add one"
    fields = raised.value.fields()
    assert fields["backfill"] == "fill"
    assert [fields[name] for name in ("revision", "direction", "phase", "sql")] == [
        "a1",
        "upgrade",
        2,
        SQL,
    ]
    assert (fields["origin"], fields["directive"], fields["applied"]) == ("a1.py:7", "execute", [])
    failed = ["BEGIN; journal 2 failed; COMMIT"]
    assert trace(session.messages) == (failed if recorded else [])
