"""asyncmig.execution.scripts.hook_step: hooks that read, in the transaction of their step."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from asyncmig.errors import AsyncmigError, StatementFailedError
from support.executions import ScriptRun, ScriptSession, refusing

ROW = "SELECT 1; journal 0 transaction done 1 final; rows; +a1"


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


async def test_a_hook_that_reads_has_the_row_sent_first(run) -> None:
    def on_apply(*, ctx: Any, **_: Any) -> None:
        ctx.execute("SELECT 2")
        ctx.connection.exec_driver_sql("SELECT 3")
        ctx.execute("SELECT 4")

    assert await run('op.execute("SELECT 1")', hooks=(on_apply,)) == [
        f"BEGIN; {ROW}",
        "SELECT 2",
        "SELECT 3",
        "SELECT 4",
        "COMMIT",
        "ROLLBACK",
    ]


async def test_two_hooks_follow_each_other(run) -> None:
    def first(*, ctx: Any, **_: Any) -> None:
        ctx.execute("SELECT 2")

    def second(*, ctx: Any, **_: Any) -> None:
        ctx.execute("SELECT 3")

    sent = await run('op.execute("SELECT 1")', hooks=(first, second))
    assert sent == [f"BEGIN; {ROW}", "SELECT 2", "SELECT 3", "COMMIT", "ROLLBACK"]


@pytest.mark.parametrize(
    ("sql", "refused"),
    [
        ("COMMIT", "commits"),
        ("ROLLBACK", "rolls back"),
        ("VACUUM t", "runs 'VACUUM t'"),
    ],
)
async def test_it_cannot_end_the_transaction(run, sql, refused) -> None:
    def on_apply(*, ctx: Any, **_: Any) -> None:
        ctx.connection.exec_driver_sql(sql)

    with pytest.raises(AsyncmigError, match=refused):
        await run('op.execute("SELECT 1")', hooks=(on_apply,))
    assert not any("COMMIT" in line for line in run.trace if "failed" not in line)


async def test_a_statement_that_is_refused_undoes_the_step(run) -> None:
    def on_apply(*, ctx: Any, **_: Any) -> None:
        ctx.connection.exec_driver_sql("SELECT bad")

    with pytest.raises(StatementFailedError, match="no table") as raised:
        await run('op.execute("SELECT 1")', refusing("bad"), hooks=(on_apply,))
    assert "nothing of a1 was kept" in str(raised.value.hint)
    assert [line for line in run.trace if "COMMIT" in line] == [
        "BEGIN; journal 0 failed final; COMMIT"
    ]


async def test_it_may_handle_an_error_in_a_savepoint(run) -> None:
    def on_apply(*, ctx: Any, **_: Any) -> None:
        connection = ctx.connection
        try:
            with connection.begin_nested():
                connection.exec_driver_sql("SELECT bad")
        except Exception:  # noqa: BLE001 - whatever the driver raises
            connection.exec_driver_sql("SELECT 5")

    sent = await run('op.execute("SELECT 1")', refusing("bad"), hooks=(on_apply,))
    assert sent[1:] == [
        "SAVEPOINT sa_savepoint_1",
        "SELECT bad",
        "ROLLBACK TO SAVEPOINT sa_savepoint_1",
        "SELECT 5",
        "COMMIT",
        "ROLLBACK",
    ]


async def test_the_row_of_an_autocommit_phase_is_a_transaction_of_its_own(run) -> None:
    def on_apply(*, ctx: Any, heads: Any, **_: Any) -> None:
        ctx.execute(f"SELECT '{' '.join(heads)}'")

    assert (await run('op.execute("VACUUM")', hooks=(on_apply,)))[1:] == [
        "VACUUM",
        "BEGIN; journal 0 statement 1; rows; COMMIT; BEGIN; journal 0 done final; rows; +a1",
        "SELECT 'a1'",
        "COMMIT",
        "ROLLBACK",
    ]


async def test_a_lock_timeout_is_that_of_postgresql(run) -> None:
    def on_apply(*, ctx: Any, **_: Any) -> None:
        ctx.execute("LOCK TABLE t")

    locked = asyncpg.LockNotAvailableError("lock timeout")
    with pytest.raises(StatementFailedError, match=r"\(tried 3 times\)"):
        await run('op.execute("SELECT 1")', refusing("LOCK TABLE t", locked), hooks=(on_apply,))


async def test_a_hook_of_a_synchronous_run_has_no_loop_of_its_own(run) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    def on_apply(**_: Any) -> None:
        loops.append(asyncio.get_event_loop())

    session = ScriptSession()
    session.synchronous_scripts = True
    await run('op.execute("SELECT 1")', session, hooks=(on_apply,))
    assert loops == [asyncio.get_running_loop()]
