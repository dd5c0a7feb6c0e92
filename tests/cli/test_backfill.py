"""``asyncmig backfill``: list, run, pause, resume, cancel and show, as text and as JSON."""

from __future__ import annotations

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
