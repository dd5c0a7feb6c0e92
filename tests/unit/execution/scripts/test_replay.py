"""asyncmig.execution.scripts: scripts of partially applied revisions run again."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.errors import PartiallyAppliedError, ScriptError, StatementFailedError
from asyncmig.execution.resume import Resume
from support.executions import ScriptRun, ScriptSession
from support.plans import autocommit, partial, transaction


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


NOTHING = "SELECT 1"
"""Sent in the place of a statement that an earlier run has executed."""


def resume(phase: int, state: str = "done", kind: str = "transaction", **facts: Any) -> Resume:
    """A revision whose earlier run has ended in a phase."""
    known = {"fingerprints": {}} | facts
    return Resume(entry=partial(phase=phase, kind=kind, state=state), **known)


class TestReplay:
    async def test_committed_phases_are_not_sent_again(self, run) -> None:
        found = await run(
            """
            op.execute("SELECT 1")
            run(op, "VACUUM t")
            with op.get_context().autocommit_block():
                run(op, "UPDATE t SET i = 1")
            op.execute("SELECT 3")
            """,
            resumes={"a1": resume(2)},
        )
        assert [line for line in found if line != NOTHING] == [
            "BEGIN; SELECT 3; journal 3 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_reads_are_repeated_in_no_transaction(self, run) -> None:
        found = await run(
            """
            run(op, "SELECT 7")
            run(op, "UPDATE t SET i = 1")
            run(op, "VACUUM t")
            op.execute("SELECT 3")
            """,
            resumes={"a1": resume(0)},
        )
        assert [line for line in found if line != NOTHING] == [
            "SELECT 7",
            "BEGIN; journal 1 autocommit started 0; rows; COMMIT",
            "VACUUM t",
            "BEGIN; journal 1 done; rows; COMMIT",
            "BEGIN; SELECT 3; journal 2 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_committed_statements_of_one_text_are_not_sent_again(self, run) -> None:
        found = await run(
            'run(op, "UPDATE t SET i = 1; VACUUM t"); op.execute("SELECT 3")',
            resumes={"a1": resume(1)},
        )
        assert [line for line in found if line != NOTHING] == [
            "BEGIN; SELECT 3; journal 2 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    @pytest.mark.parametrize("block", ["if True:", "with op.get_context().autocommit_block():"])
    async def test_rows_of_a_committed_statement_are_gone(self, run, block) -> None:
        with pytest.raises(ScriptError, match="needs the rows of a statement"):
            await run(
                f"""
                {block}
                    run(op, "UPDATE t SET i = 1 RETURNING i")
                """,
                resumes={"a1": resume(0)},
            )
        assert not any("UPDATE" in line for line in run.trace)

    async def test_an_interrupted_statement_is_looked_up(self, run) -> None:
        valid = [{"valid": True, "building": False, "schema": "s", "name": "i", "table_name": "t"}]
        found = await run(
            'run(op, "CREATE INDEX CONCURRENTLY i ON t (a)")',
            ScriptSession(rows={"indisvalid": valid}),
            resumes={"a1": resume(0, "started", "autocommit")},
        )
        assert not any("CREATE INDEX" in line for line in found)
        assert [line for line in found if "journal" in line] == [
            "BEGIN; journal entry started; rows; COMMIT",
            "BEGIN; journal 0 done; rows; COMMIT",
            "BEGIN; journal 1 transaction done 0 final; rows; +a1; COMMIT",
        ]

    async def test_a_statement_that_a_person_has_declared_done(self, run) -> None:
        entry = partial(state="resolved", statement=1)
        found = await run(
            'run(op, "VACUUM t")', resumes={"a1": Resume(entry=entry, fingerprints={})}
        )
        assert "VACUUM t" not in found
        assert [line for line in found if "journal" in line] == [
            "BEGIN; journal entry started; rows; COMMIT",
            "BEGIN; journal 0 done; rows; COMMIT",
            "BEGIN; journal 1 transaction done 0 final; rows; +a1; COMMIT",
        ]

    async def test_an_index_of_another_session_is_not_waited_for(self, run) -> None:
        building = [
            {"valid": False, "building": True, "schema": "s", "name": "i", "table_name": "t"}
        ]
        with pytest.raises(StatementFailedError, match="is being built by another session"):
            await run(
                'run(op, "CREATE INDEX CONCURRENTLY i ON t (a)")',
                ScriptSession(rows={"indisvalid": building}),
            )
        assert [line for line in run.trace if "journal" in line] == [
            "BEGIN; journal 0 autocommit started 0; rows; COMMIT",
            "BEGIN; journal 0 refused final; COMMIT",
        ]

    async def test_a_changed_script_is_refused(self, run) -> None:
        with pytest.raises(ScriptError, match="was changed after it was partially applied"):
            await run(
                """
                op.execute("SELECT 1")
                run(op, "VACUUM t")
                """,
                resumes={"a1": resume(0, fingerprints={0: transaction("SELECT 2").fingerprint})},
            )

    async def test_a_changed_statement_outside_a_transaction_is_refused(self, run) -> None:
        entry = partial(state="started", fingerprint=autocommit("VACUUM u").fingerprint)
        with pytest.raises(ScriptError, match="was changed after it was partially applied"):
            await run(
                'run(op, "VACUUM t")',
                resumes={"a1": Resume(entry=entry, fingerprints={})},
            )

    @pytest.mark.parametrize("last", ["run(op, 'VACUUM t')", "op.execute('VACUUM t')", "pass"])
    async def test_a_shortened_script_is_refused(self, run, last) -> None:
        with pytest.raises(ScriptError, match="was shortened after it was partially applied"):
            await run(last, resumes={"a1": resume(1 if "run" in last else 0)})
        assert not any("+a1" in line for line in run.trace)

    @pytest.mark.parametrize("statement", ["VACUUM t", "UPDATE t SET i = 1"])
    async def test_a_handled_error_is_raised_again(self, run, statement) -> None:
        found = await run(
            f"""
            try:
                with op.get_context().autocommit_block():
                    op.execute("{statement}")
            except sa.exc.ProgrammingError as error:
                op.execute(f"SELECT {{error.orig.sqlstate!r}}")
            """,
            resumes={
                "a1": resume(0, "caught", "autocommit", caught={0: "no table (SQLSTATE 42P01)"})
            },
        )
        assert found == [
            "BEGIN; SELECT '42P01'; journal 1 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_a_handled_error_of_its_own_statement_is_raised_again(self, run) -> None:
        found = await run(
            """
            try:
                run(op, "VACUUM t")
            except sa.exc.ProgrammingError as error:
                op.execute(f"SELECT {error.orig.sqlstate!r}")
            """,
            resumes={
                "a1": resume(0, "caught", "autocommit", caught={0: "no table (SQLSTATE 42P01)"})
            },
        )
        assert found == [
            "BEGIN; SELECT '42P01'; journal 1 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_a_script_that_handles_it_no_longer_fails_behind_its_phase(self, run) -> None:
        with pytest.raises(PartiallyAppliedError, match="no table") as raised:
            await run(
                """
                with op.get_context().autocommit_block():
                    op.execute("VACUUM t")
                run(op, "SELECT 2")
                """,
                resumes={
                    "a1": resume(0, "caught", "autocommit", caught={0: "no table (SQLSTATE 42P01)"})
                },
            )
        assert raised.value.fields()["phase"] == 0
        assert "phases before phase 2 of a1 are committed" in str(raised.value.hint)
        assert "SELECT 2" not in run.trace
