"""asyncmig.execution.scripts.running_step: what a script that reads has sent, and in which transactions."""

from __future__ import annotations

import pytest

from asyncmig.plan.planner import Planner
from asyncmig.sql.slices import LARGE
from support.executions import ScriptRun, ScriptSession
from support.waiting_thread import WaitingThread


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


LAST = "journal 0 transaction done {} final; rows; +a1; COMMIT"

SENT = {
    "a read leaves the transaction open": (
        """
        op.execute("SELECT 1")
        run(op, "SELECT 2")
        op.execute("SELECT 3")
        """,
        ["BEGIN; SELECT 1", "SELECT 2", "SELECT 3", LAST.format(2)],
    ),
    "a read begins a transaction": (
        'run(op, "SELECT 1")',
        ["BEGIN", "SELECT 1", LAST.format(0)],
    ),
    "several definitions behind a read": (
        """
        run(op, "SELECT 1")
        op.execute("CREATE TABLE t (); CREATE TABLE u ()")
        """,
        [
            "BEGIN",
            "SELECT 1",
            (
                "SAVEPOINT asyncmig_statements; CREATE TABLE t (); CREATE TABLE u ();"
                f" RELEASE SAVEPOINT asyncmig_statements; {LAST.format(2)}"
            ),
        ],
    ),
    "a commit by hand ends a phase": (
        """
        op.execute("SELECT 1")
        op.execute("COMMIT")
        op.execute("SELECT 2")
        run(op, "SELECT 3")
        """,
        [
            "BEGIN; SELECT 1; journal 0 transaction done 1; rows; COMMIT; BEGIN; SELECT 2",
            "SELECT 3",
            "journal 1 transaction done 1 final; rows; +a1; COMMIT",
        ],
    ),
    "a rollback by hand begins again": (
        """
        op.execute("SELECT 1")
        run(op, "SELECT 2")
        op.execute("SELECT lost")
        op.get_bind().rollback()
        run(op, "SELECT 3")
        op.execute("SELECT 4")
        """,
        [
            "BEGIN; SELECT 1",
            "SELECT 2",
            "ROLLBACK",
            "BEGIN",
            "SELECT 3",
            "SELECT 4",
            LAST.format(1),
        ],
    ),
    "commits by hand, and no read": (
        """
        op.execute("SELECT 1")
        op.execute("COMMIT")
        op.execute("SELECT 2")
        """,
        [
            (
                "BEGIN; SET LOCAL synchronous_commit = off; SELECT 1; journal 0 transaction done 1; rows;"
                " COMMIT; BEGIN; SELECT 2; journal 1 transaction done 1 final; rows; +a1; COMMIT"
            )
        ],
    ),
    "definitions behind a rollback by hand": (
        """
        run(op, "SELECT 1")
        op.get_bind().rollback()
        op.execute("SELECT f()")
        """,
        ["BEGIN", "SELECT 1", "ROLLBACK", "BEGIN", "SELECT f()", LAST.format(1)],
    ),
    "a new enum label before a read is committed first": (
        """
        op.execute("ALTER TYPE mood ADD VALUE 'calm'")
        run(op, "SELECT 1")
        """,
        [
            (
                "BEGIN; SET LOCAL synchronous_commit = off; journal 0 autocommit started 0; rows; COMMIT;"
                " BEGIN; ALTER TYPE mood ADD VALUE 'calm'; journal 0 done; rows; COMMIT; BEGIN"
            ),
            "SELECT 1",
            "journal 1 transaction done 0 final; rows; +a1; COMMIT",
        ],
    ),
    "a new enum label that nothing uses": (
        "op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",
        [f"BEGIN; ALTER TYPE mood ADD VALUE 'calm'; {LAST.format(1)}"],
    ),
    "a read behind an autocommit block": (
        """
        with op.get_context().autocommit_block():
            run(op, "UPDATE t SET i = 1")
        run(op, "SELECT 2")
        op.execute("SELECT 3")
        """,
        [
            "BEGIN",
            "UPDATE t SET i = 1",
            "journal 0 transaction done 0; rows; COMMIT",
            "BEGIN",
            "SELECT 2",
            "SELECT 3",
            "journal 1 transaction done 1 final; rows; +a1; COMMIT",
        ],
    ),
    "a rollback of nothing": (
        """
        op.get_bind().rollback()
        op.execute("SELECT 1")
        """,
        [f"BEGIN; SELECT 1; {LAST.format(1)}"],
    ),
    "statements in an autocommit block are phases": (
        """
        op.execute("SELECT 1")
        with op.get_context().autocommit_block():
            run(op, "UPDATE t SET i = 1")
            run(op, "SELECT 2")
            run(op, "UPDATE t SET i = 2")
        op.execute("SELECT 3")
        """,
        [
            "BEGIN; SELECT 1; journal 0 transaction done 1; rows; COMMIT",
            "BEGIN",
            "UPDATE t SET i = 1",
            "journal 1 transaction done 0; rows; COMMIT",
            "SELECT 2",
            "BEGIN",
            "UPDATE t SET i = 2",
            "journal 2 transaction done 0; rows; COMMIT",
            "BEGIN; SELECT 3; journal 3 transaction done 1 final; rows; +a1; COMMIT",
        ],
    ),
    "the last statement in an autocommit block": (
        """
        with op.get_context().autocommit_block():
            run(op, "UPDATE t SET i = 1")
        """,
        [
            "BEGIN",
            "UPDATE t SET i = 1",
            "journal 0 transaction done 0; rows; COMMIT",
            "BEGIN; journal 1 transaction done 0 final; rows; +a1; COMMIT",
        ],
    ),
    "CALL is outside a transaction in an autocommit block only": (
        """
        run(op, "CALL p()")
        with op.get_context().autocommit_block():
            run(op, "CALL q()")
        """,
        [
            "BEGIN",
            "CALL p()",
            "journal 0 transaction done 0; rows; COMMIT",
            "BEGIN; journal 1 autocommit started 0; rows; COMMIT",
            "CALL q()",
            "BEGIN; journal 1 done; rows; COMMIT",
            "BEGIN; journal 2 transaction done 0 final; rows; +a1; COMMIT",
        ],
    ),
    "statements outside a transaction": (
        """
        op.execute("SELECT 1")
        run(op, "VACUUM t")
        run(op, "SELECT 2")
        op.execute("VACUUM u")
        """,
        [
            "BEGIN; SELECT 1; journal 0 transaction done 1; rows; COMMIT",
            "BEGIN; journal 1 autocommit started 0; rows; COMMIT",
            "VACUUM t",
            "BEGIN; journal 1 done; rows; COMMIT",
            "BEGIN",
            "SELECT 2",
            (
                "journal 2 transaction done 0; rows; COMMIT;"
                " BEGIN; journal 3 autocommit started 0; rows; COMMIT"
            ),
            "VACUUM u",
            "BEGIN; journal 3 done final; rows; +a1; COMMIT",
        ],
    ),
    "bookkeeping has the role of the run": (
        """
        op.execute("SET ROLE x")
        run(op, "SELECT 2")
        op.execute("VACUUM")
        run(op, "VACUUM t")
        with op.get_context().autocommit_block():
            op.execute("UPDATE t SET i = 1")
        """,
        [
            "BEGIN; SET ROLE x",
            "SELECT 2",
            (
                "role; journal 0 transaction done 1; rows; COMMIT;"
                " BEGIN; role; journal 1 autocommit started 0; rows; COMMIT"
            ),
            "VACUUM",
            "BEGIN; role; journal 1 done; rows; COMMIT",
            "BEGIN; role; journal 2 autocommit started 0; rows; COMMIT",
            "VACUUM t",
            "BEGIN; role; journal 2 done; rows; COMMIT",
            (
                "BEGIN; SET LOCAL synchronous_commit = off; role; journal 3 autocommit started 0; rows;"
                " COMMIT; BEGIN; UPDATE t SET i = 1; role; journal 3 done final; rows; +a1; COMMIT"
            ),
        ],
    ),
    "a text with several statements": (
        'run(op, "UPDATE t SET i = 1; VACUUM t; UPDATE t SET i = 2")',
        [
            "BEGIN",
            "UPDATE t SET i = 1",
            "journal 0 transaction done 0; rows; COMMIT",
            "BEGIN; journal 1 autocommit started 0; rows; COMMIT",
            "VACUUM t",
            "BEGIN; journal 1 done; rows; COMMIT",
            "BEGIN",
            "UPDATE t SET i = 2",
            "journal 2 transaction done 0 final; rows; +a1; COMMIT",
        ],
    ),
    "an index that may be there": (
        'run(op, "CREATE INDEX IF NOT EXISTS i ON t (a)")',
        ["BEGIN", "DO ...", "CREATE INDEX IF NOT EXISTS i ON t (a)", LAST.format(0)],
    ),
}


@pytest.mark.parametrize("name", SENT)
async def test_what_a_script_sends(run, name) -> None:
    upgrade, sent = SENT[name]
    found = ["DO ..." if line.startswith("DO ") else line for line in await run(upgrade)]
    assert found == [*sent, "ROLLBACK"]


@pytest.mark.parametrize("transactional", [True, False, None])
async def test_a_commit_by_hand_without_transactional_ddl(run, transactional) -> None:
    found = await run(
        """
        op.execute("SELECT 1")
        run(op, "SELECT 2")
        op.get_bind().commit()
        op.execute("SELECT 3")
        """,
        options={} if transactional is None else {"transactional_ddl": transactional},
    )
    commits = [line for line in found if "COMMIT" in line]
    if transactional is False:
        assert commits == [
            "journal 0 transaction done 1; rows; COMMIT",
            "BEGIN; SELECT 3; journal 1 transaction done 1 final; rows; +a1; COMMIT",
        ]
    else:
        assert commits == ["journal 0 transaction done 2 final; rows; +a1; COMMIT"]


async def test_in_a_transaction_of_the_caller(run) -> None:
    found = await run(
        """
        op.execute("SET ROLE x")
        run(op, "SELECT 2")
        run(op, "COMMIT")
        op.get_bind().rollback()
        op.execute("SELECT 3")
        """,
        ScriptSession(caller_transaction=True),
    )
    assert found == [
        "SAVEPOINT asyncmig_message;\nSET ROLE x\n;RELEASE SAVEPOINT asyncmig_message",
        "SELECT 2",
        "COMMIT",
        "SELECT 3",
        "journal 0 transaction done 2 final; rows; +a1\n;RELEASE SAVEPOINT asyncmig_message",
        "ROLLBACK",
    ]


async def test_without_transactional_ddl_the_end_of_a_script_is_no_commit_by_hand(run) -> None:
    found = await run('run(op, "SELECT 2")', options={"transactional_ddl": False})
    assert found == ["BEGIN", "SELECT 2", LAST.format(0), "ROLLBACK"]


async def test_a_cancelled_run_does_not_wait_for_what_is_queued_in_a_thread(
    run, monkeypatch
) -> None:
    thread = WaitingThread()
    monkeypatch.setattr(Planner, "phases", thread)
    await thread.cancel(lambda: run(f"""op.execute("SELECT '" + "x" * {LARGE} + "'")"""))
    assert thread.was_left
