"""asyncmig.execution.scripts.failures: the error of a script, and its row in the journal."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import anyio
import asyncpg
import pytest

from asyncmig.database.committed_work import CommittedWork
from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.scripts.failures import Failures
from support.executions import ScriptRun, ScriptSession, refusing
from support.fake_session import FakeSession, fake_context
from support.plans import BOOKS, WITHOUT_JOURNAL, autocommit, statement, step


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


class TestUnhandledErrors:
    async def test_a_statement_outside_a_transaction(self, run) -> None:
        with pytest.raises(PartiallyAppliedError, match="no table") as raised:
            await run(
                """
                op.execute("SELECT 1")
                run(op, "CREATE INDEX CONCURRENTLY i ON bad (a)")
                """,
                refusing("bad"),
            )
        assert raised.value.fields()["phase"] == 1
        # the second row is written where the first is not there
        failed = [line for line in run.trace if "failed" in line]
        assert failed == ["BEGIN; journal 1 failed; COMMIT"] * 2
        assert "phases before phase 2 of a1 are committed" in str(raised.value.hint)

    async def test_a_statement_in_a_transaction(self, run) -> None:
        with pytest.raises(StatementFailedError, match=r"a1\.py:\d+: no table") as raised:
            await run(
                """
                op.execute("SELECT 1")
                run(op, "SELECT bad")
                """,
                refusing("bad"),
            )
        assert raised.value.fields()["phase"] == 0
        assert run.trace[-1] == "BEGIN; journal 0 failed final; COMMIT"
        assert str(raised.value.hint).count("nothing of a1 was kept") == 1

    async def test_another_error_behind_a_commit_says_what_is_committed(self, run) -> None:
        with pytest.raises(ScriptError, match="LookupError: gone") as raised:
            await run(
                """
                run(op, "VACUUM t")
                raise LookupError("gone")
                """
            )
        assert raised.value.fields()["partial"] == "a1"
        assert "phases before phase 2 of a1 are committed (VACUUM)" in str(raised.value.hint)
        assert run.trace[-1] == "BEGIN; journal 1 failed; COMMIT"

    async def test_another_error_in_the_first_transaction(self, run) -> None:
        with pytest.raises(ScriptError, match="LookupError: gone") as raised:
            await run(
                """
                run(op, "SELECT 1")
                raise LookupError("gone")
                """
            )
        assert "partial" not in raised.value.fields()
        assert "nothing of a1 was kept" in str(raised.value.hint)
        assert run.trace[-1] == "BEGIN; journal 0 failed final; COMMIT"

    async def test_before_anything_was_sent_there_is_no_row(self, run) -> None:
        with pytest.raises(ScriptError, match="LookupError: gone") as raised:
            await run('raise LookupError("gone")')
        assert "partial" not in raised.value.fields()
        assert run.trace == ["ROLLBACK"]


class LeavingAnIndex(ScriptSession):
    """A build that is refused leaves an invalid index."""

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        begun = any("CREATE INDEX CONCURRENTLY" in message for message in self.messages)
        found = await super().fetch(query, *args)
        if "indisvalid" in query and begun:
            row = {"valid": False, "building": False, "schema": "s", "name": "i"}
            return [row | {"table_name": "t"}]
        return found


@pytest.mark.parametrize(
    ("last", "left"),
    [
        ('run(op, "CREATE INDEX CONCURRENTLY i ON bad (a)")', True),
        (
            """
            try:
                run(op, "CREATE INDEX CONCURRENTLY i ON bad (a)")
            except sa.exc.DBAPIError:
                run(op, "SELECT worse")
            """,
            False,  # the error is of another statement
        ),
    ],
)
async def test_what_a_statement_has_left_is_said_with_its_own_error(run, last, left) -> None:
    session = LeavingAnIndex(
        lambda sql: (
            asyncpg.UndefinedTableError("no table")
            if re.search(r"ON bad|SELECT worse", sql)
            else None
        )
    )
    with pytest.raises(StatementFailedError, match="no table") as raised:
        await run(last, session)
    assert ("the index s.i on t is invalid" in str(raised.value.hint)) is left


class TestTheRowOfAFailedPhase:
    async def test_it_is_of_the_revision_that_failed(self, run, project) -> None:
        project.revision("b1", down="a1", upgrade='op.execute("SELECT bad")')
        session = refusing("bad")
        with pytest.raises(StatementFailedError):
            await run('op.execute("SELECT 1")', session)
        row = session.messages[-1]
        assert "revision = 'b1'" in row
        assert "'a1'" in row  # its parent
        (elapsed,) = re.findall(r"secs => ([\d.]+)", row)
        assert 0.0 <= float(elapsed) < 60.0

    async def test_it_keeps_what_was_committed_of_an_autocommit_phase(self, run) -> None:
        session = refusing("bad")
        with pytest.raises(StatementFailedError):
            await run(
                """
                with op.get_context().autocommit_block():
                    op.execute("SELECT 0")
                    op.execute("SELECT bad")
                """,
                session,
            )
        done, failed = autocommit("SELECT 0"), statement("SELECT bad")
        assert f"fingerprint = '{done.fingerprint}:{failed.fingerprint}'" in session.messages[-1]
        with pytest.raises(StatementFailedError):
            await run('op.execute("SELECT bad")', session)
        assert "fingerprint = " not in session.messages[-1]

    async def test_it_is_written_where_the_run_is_cancelled_meanwhile(self, run) -> None:
        class Slow(ScriptSession):
            async def send(self, sql: str) -> None:
                await anyio.sleep(0)
                try:
                    await super().send(sql)
                except asyncpg.PostgresError:
                    scope.cancel()
                    raise

        refused = asyncpg.UndefinedTableError("no table")
        session = Slow(lambda sql: refused if "bad" in sql else None)
        with anyio.CancelScope() as scope, pytest.raises(StatementFailedError):
            await run('run(op, "SELECT 1"); op.execute("SELECT bad")', session)
        assert "journal 0 failed final" in run.trace[-1]


AGAIN = "correct the cause and run the same command again: it continues from there"


class TestTheErrorOfAScript:
    """What is added to an error that is not of a statement."""

    @pytest.mark.parametrize("hint", [None, "correct it"])
    @pytest.mark.parametrize(
        ("phases", "resumed", "partial", "kept"),
        [
            (0, False, None, "nothing of a1 was kept"),
            (1, False, "a1", f"phases before phase 2 of a1 are committed; {AGAIN}"),
            (1, True, "a1", None),
        ],
    )
    def test_it_says_what_is_committed(self, hint, phases, resumed, partial, kept) -> None:
        context = fake_context(FakeSession())
        failures = Failures(context, None, MessageSender(context))  # type: ignore[arg-type]  # it makes no step
        running: Any = SimpleNamespace(
            step=step(), index=phases, committed=CommittedWork(phases=phases)
        )
        error = ScriptError("gone", hint=hint)
        failures.explain(error, running, resumed=resumed)
        assert error.fields().get("partial") == partial
        assert error.hint == ("; ".join(part for part in (hint, kept) if part) or None)

    @pytest.mark.parametrize(("books", "continues"), [(BOOKS, True), (WITHOUT_JOURNAL, False)])
    def test_the_same_command_continues_where_there_is_a_journal(self, books, continues) -> None:
        context = fake_context(FakeSession(), books=books)
        failures = Failures(context, None, MessageSender(context))  # type: ignore[arg-type]  # it makes no step
        running: Any = SimpleNamespace(step=step(), index=1, committed=CommittedWork(phases=1))
        error = ScriptError("gone")
        failures.explain(error, running, resumed=False)
        assert ("run the same command again" in str(error.hint)) is continues
