"""asyncmig.execution.scripts: async scripts, and their asyncpg connection."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.errors import ScriptError, StatementFailedError
from asyncmig.execution.resume import Resume
from asyncmig.sql.slices import LARGE
from support.executions import Execution, ScriptSession, refusing, trace
from support.plans import BOOKS, partial

LAST = "journal {} transaction done {} final; rows; +a1; COMMIT"
COMMITTED = {
    "a1": Resume(entry=partial(phase=0, kind="transaction", state="done"), fingerprints={})
}


@pytest.fixture
def run(project):
    """A function: runs one async script, and gives what was sent."""

    async def run_script(
        upgrade: str, session: ScriptSession | None = None, **options: Any
    ) -> list[str]:
        project.revision(
            "a1",
            header="import asyncpg, asyncio\n",
            upgrade=upgrade,
            signature="async def {name}(op):",
        )
        session = session or ScriptSession()
        try:
            await Execution(project)(session, **{"books": BOOKS} | options)
        finally:
            run_script.trace = trace(session.messages)
        return run_script.trace

    return run_script


async def test_its_statements_follow_the_directives(run) -> None:
    sent = await run(
        """
        op.execute("SELECT 1")
        connection = await op.connection()
        await connection.execute("SELECT 2")
        op.execute("SELECT 3")
        await connection.fetch("SELECT $1", 4)
        await connection.execute("SELECT 5; VACUUM t; SELECT 6")
        """
    )
    assert sent == [
        "BEGIN; SELECT 1",
        "SELECT 2",
        "SELECT 3",
        "SELECT $1 4",
        "SELECT 5",
        "journal 0 transaction done 2; rows; COMMIT",
        "BEGIN; journal 1 autocommit started 0; rows; COMMIT",
        "VACUUM t",
        "BEGIN; journal 1 done; rows; COMMIT",
        "BEGIN",
        "SELECT 6",
        LAST.format(2, 0),
        "ROLLBACK",
    ]


@pytest.mark.parametrize("call", ["await op.fetch", "await (await op.connection()).execute"])
async def test_an_error_outside_a_transaction_can_be_handled(run, call) -> None:
    sent = await run(
        f"""
        try:
            {call}("VACUUM bad")
        except asyncpg.UndefinedTableError:
            op.execute("SELECT 5")
        """,
        refusing("bad"),
    )
    assert sent[-4:] == [
        "VACUUM bad",
        "BEGIN; journal 0 failed final; COMMIT",
        (
            "BEGIN; SET LOCAL synchronous_commit = off; journal 0 caught; COMMIT;"
            f" BEGIN; SELECT 5; {LAST.format(1, 1)}"
        ),
        "ROLLBACK",
    ]


@pytest.mark.parametrize("call", ["op.fetch", "(await op.connection()).execute"])
async def test_an_error_ends_it(run, call) -> None:
    with pytest.raises(StatementFailedError, match=r"a1\.py:\d+: no table"):
        await run(f'await {call}("SELECT bad")', refusing("bad"))
    assert run.trace[-1] == "BEGIN; journal 0 failed final; COMMIT"


async def test_other_methods_are_in_the_transaction(run) -> None:
    sent = await run(
        """
        op.execute("SELECT 1")
        connection = await op.connection()
        await connection.copy_records_to_table("t", records=[])
        """
    )
    assert sent == ["BEGIN; SELECT 1", "COPY t", LAST.format(0, 1), "ROLLBACK"]


async def test_a_committed_phase_copies_nothing_again(run) -> None:
    sent = await run(
        """
        connection = await op.connection()
        await connection.copy_records_to_table("t", records=[])
        await connection.copy_from_table("t", output=None)
        await connection.execute("UPDATE t SET i = 1")
        await connection.execute("COMMIT")
        op.execute("SELECT 2")
        """,
        resumes=COMMITTED,
    )
    assert sent == [
        "COPY t TO STDOUT",
        f"BEGIN; SELECT 2; {LAST.format(1, 1)}",
        "ROLLBACK",
    ]


async def test_rows_of_a_committed_statement_are_gone(run) -> None:
    with pytest.raises(ScriptError, match="needs the rows of a statement"):
        await run(
            """
            connection = await op.connection()
            await connection.fetch("UPDATE t SET i = 1")
            """,
            resumes=COMMITTED,
        )


async def test_a_task_that_outlives_its_script_has_no_connection(run, project) -> None:
    project.revision(
        "b1",
        down="a1",
        upgrade='import a_task; await op.fetch("SELECT 2"); await a_task.later',
        signature="async def {name}(op):",
    )
    with pytest.raises(ScriptError, match="revision a1 used its connection after it had finished"):
        await run(
            """
            import sys, types

            module = sys.modules["a_task"] = types.ModuleType("a_task")

            async def late():
                await asyncio.sleep(0.01)
                await op.fetch("SELECT 1")

            module.later = asyncio.ensure_future(late())
            """
        )


async def test_who_asks_for_the_connection_has_the_directives_sent(run) -> None:
    sent = await run(
        """
        op.execute("SELECT 1")
        connection = await op.connection()
        assert not connection.is_closed()
        op.execute("SELECT 2")
        """
    )
    assert sent[:2] == ["BEGIN; SELECT 1", "SELECT 2"]


async def test_rows_of_a_fetch(run) -> None:
    sent = await run(
        """
        rows = await op.fetch("SELECT 7")
        op.execute(f"SELECT {rows[0]['a']}")
        """,
        ScriptSession(rows={"SELECT 7": [{"a": 8}]}),
    )
    assert sent == ["BEGIN", "SELECT 7", "SELECT 8", LAST.format(0, 1), "ROLLBACK"]


async def test_a_fetch_outside_a_transaction_is_recorded(run) -> None:
    sent = await run('await op.fetch("VACUUM t"); op.execute("SELECT 2")')
    assert sent == [
        "BEGIN; journal 0 autocommit started 0; rows; COMMIT",
        "VACUUM t",
        "BEGIN; journal 0 done; rows; COMMIT",
        f"BEGIN; SELECT 2; {LAST.format(1, 1)}",
        "ROLLBACK",
    ]


async def test_a_fetch_that_an_earlier_run_has_done_has_no_rows(run) -> None:
    sent = await run("op.execute(f\"SELECT {len(await op.fetch('VACUUM t'))}\")", resumes=COMMITTED)
    assert sent[0].startswith("BEGIN; SELECT 0; ")
    with pytest.raises(ScriptError, match="needs the rows of a statement"):
        await run('await op.fetch("UPDATE t SET i = 1")', resumes=COMMITTED)


async def test_committed_statements_of_one_text_are_not_sent_again(run) -> None:
    sent = await run(
        'await op.fetch("UPDATE t SET i = 1; VACUUM t"); op.execute("SELECT 3")',
        resumes={"a1": Resume(entry=partial(phase=1, state="done"), fingerprints={})},
    )
    assert sent == [f"BEGIN; SELECT 3; {LAST.format(2, 1)}", "ROLLBACK"]


async def test_an_interrupted_statement_that_is_done_is_recorded(run) -> None:
    valid = [{"valid": True, "building": False, "schema": "s", "name": "i", "table_name": "t"}]
    sent = await run(
        'await op.fetch("CREATE INDEX CONCURRENTLY i ON t (a)"); op.execute("SELECT 2")',
        ScriptSession(rows={"indisvalid": valid}),
        resumes={"a1": Resume(entry=partial(state="started"), fingerprints={})},
    )
    assert [line for line in sent if "journal" in line] == [
        "BEGIN; journal entry started; rows; COMMIT",
        "BEGIN; journal 0 done; rows; COMMIT",
        f"BEGIN; SELECT 2; {LAST.format(1, 1)}",
    ]


@pytest.mark.parametrize(
    ("control", "sent"),
    [
        ("BEGIN", ["BEGIN", "SELECT 1", "SELECT 2"]),
        ("COMMIT", ["BEGIN", "SELECT 1", "journal 0 transaction done 0; rows; COMMIT"]),
        ("ROLLBACK", ["BEGIN", "SELECT 1", "ROLLBACK", "BEGIN", "SELECT 2"]),
    ],
)
async def test_transactions_are_those_of_the_run(run, control, sent) -> None:
    found = await run(
        f'await op.fetch("SELECT 1"); await op.fetch("{control}"); await op.fetch("SELECT 2")'
    )
    assert found[: len(sent)] == sent


async def test_a_statement_that_is_refused_before_it_is_sent_names_its_line(run) -> None:
    with pytest.raises(ScriptError, match=r"a1\.py:\d+.*DISCARD ALL frees the lock"):
        await run('await op.fetch("DISCARD ALL")')


async def test_other_methods_follow_the_directives_before_them(run) -> None:
    sent = await run(
        """
        connection = await op.connection()
        op.execute("SELECT 1")
        await connection.copy_records_to_table("t", records=[])
        """
    )
    assert sent == ["BEGIN", "SELECT 1", "COPY t", LAST.format(0, 1), "ROLLBACK"]


async def test_what_other_methods_do_is_a_phase(run) -> None:
    sent = await run(
        """
        await (await op.connection()).copy_records_to_table("t", records=[])
        await op.fetch("COMMIT")
        op.execute("SELECT 2")
        """
    )
    assert sent == [
        "BEGIN",
        "COPY t",
        "journal 0 transaction done 0; rows; COMMIT",
        f"BEGIN; SELECT 2; {LAST.format(1, 1)}",
        "ROLLBACK",
    ]


async def test_a_transaction_in_which_nothing_was_done_is_no_phase(run) -> None:
    sent = await run(
        """
        await op.fetch("SELECT 1")
        await op.fetch("COMMIT")
        await op.connection()
        await op.fetch("COMMIT")
        op.execute("SELECT 2")
        """
    )
    assert f"SELECT 2; {LAST.format(1, 1)}" in sent[-2]


async def test_a_failure_in_an_autocommit_block_is_no_phase(run) -> None:
    sent = await run(
        """
        with op.get_context().autocommit_block():
            try:
                await op.fetch("UPDATE bad SET i = 1")
            except asyncpg.UndefinedTableError:
                pass
        await op.connection()
        await op.fetch("COMMIT")
        op.execute("SELECT 2")
        """,
        refusing("bad"),
    )
    assert not any("journal 0 transaction done 0;" in line for line in sent)
    assert f"SELECT 2; {LAST.format(0, 1)}" in sent[-2]


async def test_a_task_of_a_script_may_say_much(run) -> None:
    sent = await run(
        f"""
        async def say():
            op.execute("SELECT '" + "x" * {LARGE} + "'")

        await asyncio.ensure_future(say())
        """
    )
    assert "xxx" in sent[0]
