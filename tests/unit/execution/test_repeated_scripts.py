"""asyncmig.execution.executor: a script that has read is run again when its transaction failed on a lock."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from asyncmig.errors import PartiallyAppliedError, StatementFailedError
from asyncmig.events import PhaseRetried
from asyncmig.execution.resume import Resume
from support.executions import ScriptRun, ScriptSession
from support.fake_session import SecondConnection
from support.plans import BOOKS, WITHOUT_JOURNAL, partial, transaction

LOCKED = asyncpg.LockNotAvailableError("lock timeout")
DEADLOCK = asyncpg.DeadlockDetectedError("deadlock")
READS = """
run(op, "SELECT 1")
op.execute("LOCK TABLE t")
"""
COMMITS = """
op.execute("SELECT 1")
run(op, "VACUUM v")
run(op, "SELECT 2")
op.execute("LOCK TABLE t")
"""
AFTER_THE_VACUUM = Resume(
    entry=partial(phase=1, kind="autocommit", state="done"),
    fingerprints={0: transaction("SELECT 1").fingerprint},
)
LAST = "journal 0 transaction done 1 final; rows; +a1; COMMIT"


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


def failing(
    times: int, error: asyncpg.PostgresError = LOCKED, word: str = "LOCK TABLE t", **options: Any
) -> ScriptSession:
    """A session that refuses the statements with a word so often."""
    left = [error] * times

    def refuse(sql: str) -> asyncpg.PostgresError | None:
        return left.pop() if word in sql and left else None

    return ScriptSession(refuse, **options)


def retried(run: ScriptRun) -> list[PhaseRetried]:
    return [event for event in run.execution.events if type(event) is PhaseRetried]


@pytest.mark.parametrize("error", [LOCKED, DEADLOCK])
async def test_the_whole_script_runs_again(run, error) -> None:
    sent = await run(READS, failing(1, error))
    assert [line for line in sent if "pg_locks" not in line and "WITH named" not in line] == [
        "BEGIN",
        "SELECT 1",
        "LOCK TABLE t",
        "ROLLBACK",
        "BEGIN; SET LOCAL lock_timeout = 200",
        "SELECT 1",
        "LOCK TABLE t",
        LAST,
        "ROLLBACK",
    ]
    (event,) = retried(run)
    assert (event.revision, event.phase, event.attempt, event.attempts) == ("a1", 0, 2, 3)
    assert event.sqlstate == error.sqlstate
    assert str(error) in event.reason
    assert [step.revision for step in run.execution.applied] == ["a1"]


async def test_each_attempt_waits_longer(run) -> None:
    sent = await run(READS, failing(2))
    begun = [line for line in sent if line.startswith("BEGIN")]
    assert begun == [
        "BEGIN",
        "BEGIN; SET LOCAL lock_timeout = 200",
        "BEGIN; SET LOCAL lock_timeout = 5000",
    ]
    assert [event.attempt for event in retried(run)] == [2, 3]


async def test_the_last_attempt_ends_it(run) -> None:
    with pytest.raises(StatementFailedError, match=r"\(tried 3 times\)") as raised:
        await run(READS, failing(3))
    assert raised.value.attempts == 3
    assert run.trace[-1] == "BEGIN; journal 0 failed final; COMMIT"
    assert len(retried(run)) == 2


async def test_the_second_connection_is_closed_behind_the_last_attempt(run) -> None:
    database = SecondConnection()
    with pytest.raises(StatementFailedError):
        await run(READS, failing(3), database=database)
    assert (database.opened, database.closed) == (1, 1)


async def test_those_are_asked_for_who_hold_what_the_statement_names(run) -> None:
    session = failing(1)
    await run(READS, session)
    (asked,) = [message for message in session.messages if message.startswith("WITH named")]
    assert "'t'" in asked


async def test_the_next_script_begins_with_the_first_attempt(run, project) -> None:
    project.revision("b1", down="a1", upgrade='op.execute("SELECT 9")')
    sent = await run(READS, failing(1))
    assert any("+a1" in line for line in sent)
    (last,) = [line for line in sent if "SELECT 9" in line]
    assert last.startswith("BEGIN; SELECT 9; ")


async def test_scripts_behind_a_repeated_one_travel_together(run, project) -> None:
    for number, down in enumerate(["a1", "r0", "r1"]):
        project.revision(f"r{number}", down=down, upgrade=f'op.execute("SELECT 9{number}")')
    sent = await run(READS, failing(1))
    (last,) = [line for line in sent if "SELECT 9" in line]
    assert last.count("COMMIT") == 3


async def test_a_savepoint_of_a_failed_attempt_is_not_of_the_next_one(run) -> None:
    sent = await run(
        """
        run(op, "SELECT 1")
        if "attempted" not in globals():
            globals()["attempted"] = True
            op.get_bind().begin_nested()
            op.execute("LOCK TABLE t")
        op.execute("CREATE TABLE a ()")
        op.execute("CREATE TABLE b ()")
        """,
        failing(1),
    )
    (last,) = [line for line in sent if "CREATE TABLE b" in line]
    assert last.startswith("SAVEPOINT asyncmig_statements; CREATE TABLE a (); CREATE TABLE b ();")


async def test_what_is_committed_is_not_repeated(run) -> None:
    asked: list[bool] = []

    async def read_resumes() -> dict[str, Resume]:
        asked.append(True)
        return {"a1": AFTER_THE_VACUUM}

    sent = await run(COMMITS, failing(1), read_resumes=read_resumes)
    assert asked == [True]
    assert sent.count("VACUUM v") == 1
    assert sent.count("SELECT 2") == 2
    assert [event.phase for event in retried(run)] == [2]


async def test_another_phase_may_fail_next(run) -> None:
    answers = [{}, {"a1": AFTER_THE_VACUUM}]

    async def read_resumes() -> dict[str, Resume]:
        return answers.pop(0)

    upgrade = """
        run(op, "SELECT 1")
        op.execute("LOCK TABLE t")
        run(op, "COMMIT")
        run(op, "SELECT 2")
        op.execute("LOCK TABLE t")
    """
    answers[1] = {
        "a1": Resume(entry=partial(phase=0, kind="transaction", state="done"), fingerprints={})
    }
    error: list[Any] = [LOCKED, None, LOCKED]

    def refuse(sql: str) -> asyncpg.PostgresError | None:
        return error.pop(0) if "LOCK TABLE t" in sql and error else None

    await run(upgrade, ScriptSession(refuse), read_resumes=read_resumes)
    assert [event.phase for event in retried(run)] == [0, 1]
    assert [event.attempt for event in retried(run)] == [2, 3]


async def test_without_a_journal_a_later_phase_is_not_repeated(run) -> None:
    with pytest.raises(PartiallyAppliedError):
        await run(COMMITS, failing(1), books=WITHOUT_JOURNAL)
    assert retried(run) == []
    sent = await run(READS, failing(1), books=WITHOUT_JOURNAL)
    assert sent.count("SELECT 1") == 2


@pytest.mark.parametrize(
    ("upgrade", "error", "options"),
    [
        (READS, asyncpg.UndefinedTableError("no table"), {}),
        (READS, LOCKED, {"caller_transaction": True}),
        ('op.execute("LOCK TABLE t")', asyncpg.UndefinedTableError("no table"), {}),
    ],
)
async def test_what_is_not_repeated(run, upgrade, error, options) -> None:
    with pytest.raises(StatementFailedError):
        await run(upgrade, failing(9, error, **options))
    assert retried(run) == []


async def test_a_script_that_has_not_read_is_not_run_again(run) -> None:
    with pytest.raises(StatementFailedError, match=r"\(tried 3 times\)"):
        await run('op.execute("LOCK TABLE t")', failing(9))
    # its statements were sent again, by the sender
    assert [event.attempt for event in retried(run)] == [2, 3]


async def test_a_script_that_has_not_read_fails_at_once_without_attempts(run) -> None:
    with pytest.raises(StatementFailedError):
        await run('op.execute("LOCK TABLE t")', failing(9), retries=0)
    assert run.trace.count("ROLLBACK") == 3  # of the message, of its replay, and at the end


async def test_a_transaction_that_was_sent_again_is_not_tried_further(run) -> None:
    with pytest.raises(StatementFailedError, match=r"\(tried 3 times\)"):
        await run(
            """
            op.execute("LOCK TABLE t")
            run(op, "SELECT 1")
            """,
            failing(9),
        )
    assert [event.attempt for event in retried(run)] == [2, 3]


async def test_a_hook_that_fails_on_a_lock_repeats_the_script(run) -> None:
    def hook(*, ctx, step, heads, run_args) -> None:
        ctx.execute("LOCK TABLE t")

    sent = await run('op.execute("SELECT 1")', failing(1), hooks=(hook,))
    assert len([line for line in sent if "SELECT 1" in line]) == 2
    assert [event.attempt for event in retried(run)] == [2]


async def test_an_error_of_its_own_statement_is_repeated_too(run) -> None:
    sent = await run('run(op, "LOCK TABLE t")', failing(1), books=BOOKS)
    assert sent.count("LOCK TABLE t") == 2
    assert [event.attempt for event in retried(run)] == [2]


async def test_a_statement_in_an_autocommit_block_is_repeated_with_its_row(run) -> None:
    sent = await run(
        """
        with op.get_context().autocommit_block():
            run(op, "UPDATE t SET i = 1")
        """,
        failing(1, word="INSERT INTO asyncmig_journal"),
    )
    assert sent.count("UPDATE t SET i = 1") == 2
    assert [event.attempt for event in retried(run)] == [2]
