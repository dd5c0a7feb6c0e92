"""asyncmig.execution.scripts: scripts that handle the error of a directive or of a statement of their own."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.errors import StatementFailedError
from support.executions import ScriptRun, ScriptSession, refusing
from support.plans import BOOKS, WITHOUT_JOURNAL


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


LAST = "journal 0 transaction done {} final; rows; +a1; COMMIT"


class TestHandledErrors:
    async def test_of_a_statement_outside_a_transaction(self, run) -> None:
        found = await run(
            """
            try:
                run(op, "VACUUM bad")
            except sa.exc.ProgrammingError as error:
                op.execute(f"SELECT {error.orig.sqlstate!r}")
            """,
            refusing("bad"),
        )
        assert found == [
            "BEGIN; journal 0 autocommit started 0; rows; COMMIT",
            "VACUUM bad",
            "BEGIN; journal 0 failed final; COMMIT",
            (
                "BEGIN; SET LOCAL synchronous_commit = off; journal 0 caught; COMMIT; BEGIN; SELECT '42P01';"
                " journal 1 transaction done 1 final; rows; +a1; COMMIT"
            ),
            "ROLLBACK",
        ]

    async def test_of_a_statement_in_a_transaction_of_its_own(self, run) -> None:
        found = await run(
            """
            with op.get_context().autocommit_block():
                try:
                    run(op, "UPDATE bad SET i = 1")
                except sa.exc.DBAPIError:
                    run(op, "UPDATE t SET i = 2")
            op.execute("SELECT 3")
            """,
            refusing("bad"),
        )
        assert found == [
            "BEGIN",
            "UPDATE bad SET i = 1",
            "ROLLBACK",
            "BEGIN",
            "UPDATE t SET i = 2",
            "journal 0 transaction done 0; rows; COMMIT",
            "BEGIN; SELECT 3; journal 1 transaction done 1 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_of_the_last_statement_in_a_transaction_of_its_own(self, run) -> None:
        found = await run(
            """
            with op.get_context().autocommit_block():
                try:
                    run(op, "UPDATE bad SET i = 1")
                except sa.exc.DBAPIError:
                    pass
            """,
            refusing("bad"),
        )
        assert found[2:] == ["ROLLBACK", f"BEGIN; {LAST.format(0)}", "ROLLBACK"]

    @pytest.mark.parametrize("books", [BOOKS, WITHOUT_JOURNAL])
    async def test_of_a_directive_in_an_autocommit_block(self, run, books) -> None:
        found = await run(
            """
            with op.get_context().autocommit_block():
                op.execute("SELECT 0")
                try:
                    op.execute("SELECT bad")
                except sa.exc.ProgrammingError:
                    op.execute("SELECT 5")
            """,
            refusing("bad"),
            books=books,
        )
        if books is WITHOUT_JOURNAL:
            assert [line for line in found if "SELECT" in line] == [
                "BEGIN; SELECT 0; rows; COMMIT",
                "BEGIN; SELECT bad; rows; COMMIT",
                "SELECT bad",
                "BEGIN; SELECT 5; rows; +a1; COMMIT",
            ]
            return
        assert found[2:] == [
            "ROLLBACK",
            "committed?",
            "BEGIN",
            "SELECT bad",
            "ROLLBACK",
            (
                "BEGIN; SET LOCAL synchronous_commit = off; journal 1 caught; COMMIT;"
                " BEGIN; SET LOCAL synchronous_commit = off; journal 2 autocommit started 0; rows; COMMIT;"
                " BEGIN; SELECT 5; journal 2 done final; rows; +a1; COMMIT"
            ),
            "ROLLBACK",
        ]

    async def test_of_a_directive_outside_a_transaction(self, run) -> None:
        found = await run(
            """
            try:
                op.execute("VACUUM bad")
            except sa.exc.ProgrammingError:
                pass
            run(op, "SELECT 1")
            """,
            refusing("bad"),
        )
        assert found == [
            "BEGIN",
            "COMMIT; BEGIN; journal 0 autocommit started 0; rows; COMMIT",
            "VACUUM bad",
            "BEGIN; journal 0 failed final; COMMIT",
            "BEGIN; journal 0 caught; COMMIT; BEGIN",
            "SELECT 1",
            "journal 1 transaction done 0 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_of_a_directive_in_a_savepoint(self, run) -> None:
        found = await run(
            """
            op.execute("SELECT 0")
            try:
                with op.get_bind().begin_nested():
                    op.execute("SELECT bad; SELECT 2")
            except sa.exc.DBAPIError:
                op.execute("SELECT 5")
            """,
            refusing("bad"),
        )
        assert found == [
            "BEGIN; SELECT 0",
            "SAVEPOINT sa_savepoint_1",
            "SELECT bad",
            "ROLLBACK TO SAVEPOINT sa_savepoint_1",
            "SELECT 5",
            "journal 0 transaction done 4 final; rows; +a1; COMMIT",
            "ROLLBACK",
        ]

    async def test_bookkeeping_that_fails_ends_the_script(self, run) -> None:
        with pytest.raises(StatementFailedError):
            await run(
                """
                with op.get_context().autocommit_block():
                    try:
                        op.execute("SELECT 1")
                    except Exception:
                        op.execute("SELECT 5")
                """,
                refusing("'started'"),
            )
        assert not any("SELECT 5" in line for line in run.trace)

    async def test_an_earlier_directive_that_fails_ends_the_script(self, run) -> None:
        with pytest.raises(StatementFailedError, match=r"a1\.py:\d+ in op\.execute: no table"):
            await run(
                """
                op.execute("SELECT bad")
                try:
                    op.execute("SELECT 1")
                except Exception:
                    op.execute("SELECT 5")
                """,
                refusing("bad"),
            )
        assert not any("SELECT 1" in line or "SELECT 5" in line for line in run.trace)

    @pytest.mark.parametrize("last", ["pass", "op.execute('SELECT 5')"])
    async def test_a_script_that_catches_everything_is_stopped_as_well(self, run, last) -> None:
        left = [asyncpg.UndefinedTableError("no table")] * 2  # in the message, and in its replay
        session = ScriptSession(lambda sql: left.pop() if "bad" in sql and left else None)
        with pytest.raises(StatementFailedError, match=r"a1\.py:\d+ in op\.execute: no table"):
            await run(
                f"""
                op.execute("SELECT bad")
                try:
                    run(op, "SELECT 1")
                except BaseException:
                    pass
                try:
                    {last}
                except BaseException:
                    pass
                """,
                session,
            )
        assert not any("SELECT 1" in line or "SELECT 5" in line for line in run.trace)

    async def test_of_a_lock_that_the_script_does_not_wait_for(self, run) -> None:
        sent = await run(
            """
            try:
                with op.get_bind().begin_nested():
                    op.execute("LOCK TABLE t NOWAIT")
            except sa.exc.DBAPIError:
                op.execute("SELECT 5")
            """,
            refusing("LOCK TABLE t", asyncpg.LockNotAvailableError("could not obtain lock")),
        )
        assert "SELECT 5" in sent

    async def test_in_an_aborted_transaction_nothing_more_is_asked(self, run) -> None:
        class Aborting(ScriptSession):
            aborted = False

            async def fetch(self, query, *args):
                if self.aborted:
                    raise asyncpg.InFailedSQLTransactionError("aborted")
                return await super().fetch(query, *args)

            async def send(self, sql):
                if sql.startswith("ROLLBACK"):
                    self.aborted = False
                try:
                    await super().send(sql)
                except asyncpg.PostgresError:
                    self.aborted = True
                    raise

        refused = asyncpg.UndefinedTableError("no table")
        found = await run(
            """
            try:
                op.execute("SELECT bad")
            except sa.exc.ProgrammingError:
                op.get_bind().rollback()
                op.execute("SELECT 5")
            """,
            Aborting(lambda sql: refused if "bad" in sql else None),
        )
        assert "SELECT 5" in found

    async def test_a_failure_in_an_autocommit_block_ends_with_its_transaction(self, run) -> None:
        found = await run(
            """
            with op.get_context().autocommit_block():
                try:
                    run(op, "UPDATE bad SET i = 1")
                except sa.exc.DBAPIError:
                    pass
            run(op, "SELECT 1")
            op.execute("SELECT 2")
            """,
            refusing("bad"),
        )
        assert found[3:] == ["BEGIN", "SELECT 1", "SELECT 2", LAST.format(1), "ROLLBACK"]

    async def test_an_earlier_directive_that_fails_before_a_read(self, run) -> None:
        with pytest.raises(StatementFailedError, match=r"a1\.py:\d+ in op\.execute: no table"):
            await run(
                """
                op.execute("SELECT bad")
                try:
                    run(op, "SELECT 1")
                except Exception:
                    op.execute("SELECT 5")
                """,
                refusing("bad"),
            )
        assert not any("SELECT 1" in line or "SELECT 5" in line for line in run.trace)

    @pytest.mark.parametrize(
        ("before", "handled"), [("", False), ("op.execute('SET LOCAL lock_timeout = 1')", True)]
    )
    async def test_a_lock_timeout_of_the_run_ends_the_script(self, run, before, handled) -> None:
        upgrade = f"""
            {before}
            try:
                with op.get_bind().begin_nested():
                    op.execute("LOCK TABLE t")
            except sa.exc.DBAPIError:
                op.execute("SELECT 5")
        """
        session = refusing("LOCK TABLE t", asyncpg.LockNotAvailableError("lock timeout"))
        if handled:
            assert "SELECT 5" in await run(upgrade, session, retries=0)
        else:
            with pytest.raises(StatementFailedError, match="lock timeout"):
                await run(upgrade, session, retries=0)
            assert "SELECT 5" not in run.trace
