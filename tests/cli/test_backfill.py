"""``asyncmig backfill``: list, run, pause, resume, cancel and show, as text and as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncpg

    from fix_project import Project
    from support.command import Command


@pytest.fixture
async def recorded(project: Project, database_command: Command, pg: asyncpg.Connection) -> Command:
    """A project whose database has a pending backfill of 500 rows, one of which is refused."""
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0)")
    await pg.execute("INSERT INTO item SELECT i FROM generate_series(1, 500) i; ANALYZE item")
    project.revision(
        "aaaa",
        upgrade="""
        op.backfill(
            "item",
            {"n": "1 + abs(1 / (id - 300)::int)"},
            where="n = 0",
            name="count",
            deferred=True,
            on_error="record",
        )
        """,
    )
    done = database_command("upgrade", "head")
    assert done.code == 0, done.err
    assert "backfill count is recorded: `asyncmig backfill run` does it" in done.err
    return database_command


def test_nothing_is_there(database_command: Command) -> None:
    done = database_command("backfill")
    assert (done.code, done.out) == (0, "there are no backfills\n")
    assert database_command("backfill", "run", "--json").document == {"backfills": []}


async def test_run_and_show(recorded: Command, pg: asyncpg.Connection) -> None:
    (job,) = recorded("backfill", "list", "--json").document["backfills"]
    assert (job["name"], job["state"], job["total"], job["rows"]) == ("count", "pending", None, 0)
    assert "backfill  count (pending): not started" in recorded("status").out

    (estimate,) = recorded("backfill", "run", "--dry-run", "--json").document["estimates"]
    assert (estimate["left"], estimate["key"]) == (500, ["id"])
    assert (
        "count: about 500 of 500 rows of item are left"
        in recorded("backfill", "run", "--dry-run").out
    )

    done = recorded("backfill", "run", "--workers", "2")
    assert done.code == 0, done.err
    assert "backfill count is done: 499 rows changed, 1 refused" in done.err
    assert await pg.fetchval("SELECT count(*) FROM item WHERE n > 0") == 499
    (job,) = recorded("backfill", "show", "count", "--json").document["backfills"]
    assert (job["state"], job["rows"], job["failed"]) == ("done", 499, 1)
    assert job["failures"][0]["key"] == ["300"]
    shown = recorded("backfill", "show", "count").out
    assert "UPDATE item SET n = 1 + abs(1 / (id - 300)::int)" in shown
    assert "refused (300) division by zero" in shown


async def test_run_says_why_nothing_is_due(recorded: Command) -> None:
    for names in ([], ["count"]):
        assert recorded("backfill", "pause", "count").code == 0
        paused = recorded("backfill", "run", *names)
        assert paused.code == 0
        assert paused.out.splitlines() == [
            "no backfill is due",
            "count is paused: `asyncmig backfill resume count` lets it run again",
        ]
        assert recorded("backfill", "run", *names, "--json").document == {"backfills": []}
        assert recorded("backfill", "resume", "count").code == 0
    assert recorded("backfill", "run").code == 0
    for names in ([], ["count"]):
        assert recorded("backfill", "run", *names).out == "no backfill is due\ncount is done\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("backfill", "run", "--progress=json", "--json"),
        ("--progress=json", "backfill", "run", "--json"),
    ],
)
async def test_progress_as_json(recorded: Command, arguments: tuple[str, ...]) -> None:
    done = recorded(*arguments)
    assert done.code == 0, done.err
    assert done.document["backfills"][0]["rows"] == 499
    lines = [json.loads(line) for line in done.err.splitlines()]
    names = [line["event"] for line in lines]
    assert (names[0], names[-1]) == ("BackfillStarted", "BackfillFinished")
    begin = next(line for line in lines if line["event"] == "BackfillStarted")
    assert (begin["backfill"], begin["total"], begin["scanned"]) == ("count", 500, 0)
    assert (lines[-1]["state"], lines[-1]["rows"], lines[-1]["failed"]) == ("done", 499, 1)
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)


def test_the_progress_of_a_run_as_json(
    project: Project, database_command: Command, pg: asyncpg.Connection
) -> None:
    """Rows, rate and remaining time of a backfill within ``upgrade``, and the events of its revision."""
    project.revision(
        "aaaa",
        upgrade="""
        op.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int)")
        op.execute("INSERT INTO item SELECT i FROM generate_series(1, 30) i")
        op.backfill("item", {"n": "length(pg_sleep(0.05)::text)"}, name="slow", batch_size=5)
        """,
    )
    done = database_command("upgrade", "--progress=json")
    assert done.code == 0, done.err
    lines = [json.loads(line) for line in done.err.splitlines()]
    names = [line["event"] for line in lines]
    assert {"RunStarted", "StepStarted", "StepFinished", "RunFinished"} <= {*names}
    progress = [line for line in lines if line["event"] == "BackfillProgress"]
    assert progress
    last = progress[-1]
    assert last["revision"] == "aaaa"
    assert 0 < last["rows"] == last["scanned"] <= 30
    assert last["rate"] > 0
    assert last["remaining"] >= 0


def test_the_plan_says_rows_and_inverse(project: Project, recorded: Command) -> None:
    project.revision(
        "bbbb",
        down="aaaa",
        upgrade="""
        op.backfill("item", {"n": "2"}, where="n = 0", name="two")
        op.execute("ALTER TABLE item ADD extra int")
        op.backfill("item", {"extra": "1"}, where="extra IS NULL", name="extra", deferred=True)
        """,
        downgrade='op.backfill("item", {"n": "0"}, name="back")',
    )
    lines = [line.strip() for line in recorded("plan").out.splitlines()]
    assert "-- about 500 rows, 5.9 kB" in lines
    assert "-- about 500 rows, 5.9 kB in the table" in lines
    assert lines.count("-- inverse: backfill back of the downgrade") == 2
    assert "-- deferred: it is recorded here, and `asyncmig backfill run` does it" in lines
    phases = recorded("plan", "--json").document["steps"][0]["phases"]
    assert [phase["inverse"] for phase in phases] == ["back", None, "back"]
    assert phases[0]["estimate"]["rows"] == 500


def test_pause_resume_and_cancel(recorded: Command) -> None:
    assert (
        recorded("backfill", "pause", "count", "--json").document["backfills"][0]["state"]
        == "paused"
    )
    assert recorded("backfill", "run").code == 0  # it is left out
    assert recorded("backfill", "resume", "count").code == 0
    assert recorded("backfill", "cancel", "count").code == 0
    assert "cancelled" in recorded("backfill").out
    failed = recorded("backfill", "run", "count")
    assert failed.code == 1
    assert "backfill count was cancelled" in failed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("walk",), "there is no action 'walk'"),
        (("pause",), "`backfill pause` needs the name of a backfill"),
        (("list", "count"), "`backfill list` takes no name"),
        (("run", "--workers", "0"), "--workers 0 is not a number of workers"),
        (("show", "count", "--dry-run"), "--workers and --dry-run belong to `backfill run`"),
    ],
)
def test_wrong_usage(command: Command, arguments: tuple[str, ...], message: str) -> None:
    failed = command("backfill", *arguments)
    assert failed.code == 2
    assert message in failed.err
