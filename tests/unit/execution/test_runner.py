"""asyncmig.execution.runner, pending_run: runs from lock to result, on a database without a server."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from asyncmig.database.session import ANSWER_SECONDS
from asyncmig.errors import (
    PlanError,
    RevisionNotFoundError,
    ScriptError,
    StatementFailedError,
    UnexpectedStateError,
)
from asyncmig.events import (
    DatabaseConnected,
    HistoryWarning,
    LockAcquired,
    NothingPending,
    RunFailed,
    RunFinished,
    RunStarted,
)
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from support.fake_server import FakeServer
from support.runs import Runs

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE


@pytest.fixture
def runs(project: Any) -> Runs:
    """Two revisions, a1 and b1, of which none is applied."""
    project.revision("a1", upgrade='op.execute("SELECT 1")', downgrade='op.execute("SELECT 8")')
    project.revision(
        "b1", down="a1", upgrade='op.execute("SELECT 2")', downgrade='op.execute("SELECT 9")'
    )
    return Runs(project)


class TestRun:
    async def test_from_the_state_to_the_result(self, runs) -> None:
        result = await runs.run()
        assert (result.before, result.after) == ((), ("b1",))
        assert [step.revision for step in result.applied] == ["a1", "b1"]
        assert result.address == "db:5432/app"
        assert result.direction == "upgrade"
        assert result.ahead is False
        assert runs.server.heads == {"b1"}
        kinds = [type(event) for event in runs.events]
        order = [DatabaseConnected, LockAcquired, RunStarted, RunFinished]
        assert [kind for kind in kinds if kind in order] == order
        assert runs.event(RunStarted).revisions == ("a1", "b1")
        finished = runs.event(RunFinished)
        assert (finished.applied, finished.heads) == (("a1", "b1"), ("b1",))
        connected = runs.event(DatabaseConnected)
        assert (connected.host, connected.port, connected.database) == ("db", 5432, "app")

    async def test_the_lock_is_held_from_before_the_second_look_to_the_end(self, runs) -> None:
        await runs.run()
        steps = [
            step
            for step in runs.steps
            if step in {"state", "lock", "unlock", "idle", "set"} or step.startswith("SELECT ")
        ]
        order = ["state", "idle", "lock", "state", "set", "SELECT 1", "SELECT 2", "state", "unlock"]
        assert steps == order
        assert len(runs.server.guarded) == 1

    async def test_a_database_at_its_target_takes_no_lock(self, runs) -> None:
        runs.server.heads = {"b1"}
        result = await runs.run()
        assert (result.before, result.after, result.applied) == (("b1",), ("b1",), ())
        nothing = runs.event(NothingPending)
        assert (nothing.heads, nothing.ahead, nothing.direction) == (("b1",), False, "upgrade")
        assert runs.steps == ["state"]
        assert runs.source.loaded == []

    @pytest.mark.parametrize(
        ("known", "target", "histories"),
        [
            (("b1",), "heads", 0),
            (("b1",), "head", 0),
            (("b1",), "b1", 1),
            (("a1",), "heads", 1),
            (None, "heads", 1),
        ],
    )
    async def test_known_heads_are_enough(self, runs, known, target, histories) -> None:
        runs.server.heads, runs.source.known = {"b1"}, known
        await runs.run(target)
        assert runs.source.histories == histories
        nothing = runs.event(NothingPending)
        assert (nothing.heads, nothing.ahead) == (("b1",), False)

    @pytest.mark.parametrize("stepwise", [True, False])
    @pytest.mark.parametrize(("limit", "waited"), [(7.0, 7.0), (None, ANSWER_SECONDS)])
    async def test_the_server_answers_in_the_time_for_a_connection(
        self, runs, limit, waited, stepwise
    ) -> None:
        runs.configure(connect_timeout=limit)
        if stepwise:
            async with runs.runner.stepwise():
                pass
        else:
            await runs.run()
        assert runs.server.idle_limits == [waited]

    async def test_another_runner_was_quicker(self, runs) -> None:
        runs.server.when_locked = lambda: runs.server.heads.add("b1")
        result = await runs.run()
        assert (result.before, result.applied) == (("b1",), ())
        assert runs.event(NothingPending).ahead is False
        assert runs.steps[-1] == "unlock"
        assert runs.server.sent == []

    @pytest.mark.parametrize(
        ("before", "meanwhile", "loaded", "applied"),
        [
            ((), {"a1"}, [["a1", "b1"]], ["b1"]),
            (("a1",), set(), [["b1"], ["a1", "b1"]], ["a1", "b1"]),
        ],
    )
    async def test_what_another_runner_has_done_changes_what_is_left(
        self, runs, before, meanwhile, loaded, applied
    ) -> None:
        runs.server.heads = set(before)

        def change() -> None:
            runs.server.heads = set(meanwhile)

        runs.server.when_locked = change
        result = await runs.run()
        assert runs.source.loaded == loaded
        assert [step.revision for step in result.applied] == applied

    async def test_without_a_lock(self, runs) -> None:
        runs.configure(lock=False)
        await runs.run()
        assert "lock" not in runs.server.log
        assert runs.server.guarded == [None]
        assert runs.server.heads == {"b1"}

    async def test_role_and_search_path_are_set_first(self, runs) -> None:
        runs.configure(role="owner", search_path="app")
        await runs.run()
        assert runs.server.log[0] == "set search_path owner"

    async def test_a_downgrade(self, runs) -> None:
        runs.server.heads = {"b1"}
        result = await runs.run("a1", DOWN)
        assert (result.before, result.after) == (("b1",), ("a1",))
        assert result.direction == runs.event(RunFinished).direction == "downgrade"
        assert "SELECT 9" in runs.server.sent
        assert "SELECT 8" not in runs.server.sent
        assert not any("backfill" in sql for sql in runs.server.sent)

    @pytest.mark.parametrize("direction", [UP, DOWN])
    async def test_a_downgrade_pauses_the_backfills_of_its_revisions(self, runs, direction) -> None:
        runs.server = FakeServer({"b1"} if direction is DOWN else (), has_backfills=True)
        await runs.run("base" if direction is DOWN else "heads", direction)
        pauses = [sql for sql in runs.server.sent if "state = 'paused'" in sql]
        cancels = [sql for sql in runs.server.sent if "state = 'cancelled'" in sql]
        if direction is UP:
            assert pauses == cancels == []
        else:
            assert ["ARRAY['b1', 'a1']" in pauses[0], len(pauses), len(cancels)] == [True, 1, 2]
            assert runs.server.sent.index(pauses[0]) < runs.server.sent.index("SELECT 9")

    async def test_missing_tables_are_created_with_the_first_message(self, runs) -> None:
        runs.server = FakeServer(tables=False)
        await runs.run()
        first = runs.server.messages[0].split("\n;\n")
        assert first[1].startswith("CREATE TABLE public.alembic_version")
        assert any("asyncmig_journal" in sql for sql in first[2:])
        # the second look asks whether the tables exist, as a failed query is known already
        assert runs.steps[:5] == ["state", "tables", "idle", "lock", "tables"]

    async def test_tables_that_exist_are_not_looked_up_under_the_lock(self, runs) -> None:
        await runs.run()
        assert "tables" not in runs.server.log
        assert not any("CREATE TABLE" in sql for sql in runs.server.sent)

    async def test_the_tag_is_written_into_the_journal(self, runs) -> None:
        await runs.run(tag="release-7")
        rows = [sql for sql in runs.server.sent if "INSERT INTO public.asyncmig_journal" in sql]
        assert len(rows) == 2
        assert all("'release-7'" in row for row in rows)

    async def test_another_process_changes_the_table_behind_the_run(self, runs) -> None:
        def spoil(sql: str) -> None:
            if "'b1'" in sql and "SET version_num" in sql:
                runs.server.heads = {"x9"}

        runs.server.refuse = spoil
        with pytest.raises(
            UnexpectedStateError, match="holds b1, x9 where this run left b1"
        ) as raised:
            await runs.run()
        assert raised.value.fields()["expected"] == ["b1"]
        assert raised.value.fields()["found"] == ["b1", "x9"]
        assert "unlock" in runs.server.log

    async def test_a_failure_is_reported_with_its_facts(self, runs) -> None:
        refused = asyncpg.UndefinedColumnError("no column")
        none = {"asyncmig.committed": [{"number": "0"}]}
        runs.server = FakeServer(
            {"a1"}, refuse=lambda sql: refused if "SELECT 2" in sql else None, rows=none
        )
        with pytest.raises(StatementFailedError) as raised:
            await runs.run()
        failed = runs.event(RunFailed)
        assert failed.error == "StatementFailedError"
        assert (failed.sqlstate, failed.revision, failed.phase) == ("42703", "b1", 0)
        assert (failed.applied, failed.direction) == ((), "upgrade")
        assert failed.message == raised.value.message
        assert 0 <= failed.elapsed < 60
        assert raised.value.fields()["address"] == "db:5432/app"
        assert runs.server.log[-1] == "unlock"


class TestWhatTheCodeDoesNotHave:
    def ahead(self, runs: Runs, *down: str) -> None:
        below = [{"revision": "z9", "down_revisions": list(down)}]
        runs.server = FakeServer({"z9"}, rows={"DISTINCT ON (revision) revision": below})

    async def test_descendants_of_the_target_are_no_error(self, runs) -> None:
        self.ahead(runs, "b1")
        result = await runs.run()
        assert (result.ahead, result.after) == (True, ("z9",))
        assert runs.event(NothingPending).ahead is True

    @pytest.mark.parametrize("below", ["a1", "gone"])
    async def test_others_are(self, runs, below) -> None:
        self.ahead(runs, below)
        with pytest.raises(RevisionNotFoundError, match="the database is at z9") as raised:
            await runs.run()
        assert raised.value.fields()["current"] == ["z9"]

    @pytest.mark.parametrize("target", ["base", "b1"])
    async def test_no_downgrade_begins_there(self, runs, target) -> None:
        self.ahead(runs, "b1")
        with pytest.raises(RevisionNotFoundError):
            await runs.run(target, DOWN)

    async def test_the_other_runner_has_newer_code(self, runs) -> None:
        self.ahead(runs, "b1")
        runs.server.heads = {"a1"}

        def change() -> None:
            runs.server.heads = {"z9"}

        runs.server.when_locked = change
        result = await runs.run()
        assert (result.ahead, result.applied) == (True, ())


async def test_revisions_inserted_below_an_applied_one_are_reported(runs, project) -> None:
    project.revision("a2", down="a1")
    project.revision("c1", down="a2")
    row = {"direction": "upgrade", "is_done": True}
    rows = [
        {"id": 1, "revision": "a1", "down_revisions": []} | row,
        {"id": 2, "revision": "c1", "down_revisions": ["a1"]} | row,
    ]
    newest = '[["c1", ["a1"]]]'
    runs.server = FakeServer(
        {"c1"}, newest=newest, rows={"DISTINCT ON (revision, direction)": rows}
    )
    await runs.run("c1")
    warning = runs.event(HistoryWarning)
    assert warning.revisions == ("a2",)
    assert len(runs.server.messages) == 1
    assert warning.message.startswith("the script directory has a2 below c1")


async def test_at_the_target_the_journal_is_not_read_where_its_newest_rows_agree(runs) -> None:
    runs.server = FakeServer({"b1"}, newest='[["b1", ["a1"]], ["a1", []]]')
    await runs.run("b1")
    assert runs.server.messages == []


class TestPartial:
    @pytest.mark.parametrize("journal", [True, False])
    async def test_it_needs_the_journal(self, runs, journal) -> None:
        runs.server = FakeServer(partial=[{}])
        runs.configure(journal=journal)
        if journal:
            await runs.run()
            assert runs.server.heads == {"b1"}
        else:
            with pytest.raises(PlanError, match="a1 is partially applied, and the journal"):
                await runs.run()

    async def test_the_other_direction_is_refused(self, runs) -> None:
        runs.server = FakeServer({"a1"}, partial=[{"direction": "downgrade"}])
        with pytest.raises(ScriptError, match="must be finished first"):
            await runs.run()


class TestStepwise:
    async def test_runs_follow_each_other_under_one_lock(self, runs) -> None:
        async with runs.runner.stepwise() as stepwise:
            assert stepwise.is_in_transaction is False
            first = await stepwise.run(RunRequest(target="a1", direction=UP))
            again = await stepwise.run(RunRequest(target="a1", direction=UP))
            second = await stepwise.run(RunRequest(target="b1", direction=UP))
            back = await stepwise.run(RunRequest(target="base", direction=DOWN))
        assert [result.after for result in (first, again, second, back)] == [
            ("a1",),
            ("a1",),
            ("b1",),
            (),
        ]
        assert again.applied == ()
        assert runs.server.log.count("lock") == runs.server.log.count("unlock") == 1
        # once for the lock's schema, once at the beginning, and once behind each run
        assert runs.server.log.count("state") == 5
        assert runs.server.log.index("lock") < runs.server.log.index("idle")

    @pytest.mark.parametrize("stepwise", [True, False])
    async def test_settings_of_the_last_script_end_where_another_run_follows(
        self, runs, project, stepwise
    ) -> None:
        project.revision("c1", down="b1", upgrade='op.execute("SET work_mem = 1")')
        request = RunRequest(target="c1", direction=UP)
        if stepwise:
            async with runs.runner.stepwise() as session:
                await session.run(request)
        else:
            await runs.runner.run(request)
        assert ("RESET work_mem" in runs.server.sent) is stepwise
