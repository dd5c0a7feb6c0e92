"""asyncmig.execution.scripts.failures: the error of a script, and its row in the journal."""

from __future__ import annotations

import pytest

from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError
from support.executions import ScriptRun, refusing


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
