"""asyncmig.execution.executor: scripts, their statements and rows, on a session without a server."""

from __future__ import annotations

import asyncio

import anyio
import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.errors import (
    AsyncmigError,
    ConnectionLostError,
    DirectiveError,
    ScriptError,
    StatementFailedError,
)
from asyncmig.events import StepStarted
from asyncmig.execution.resume import Resume
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online.requests import ColumnRequest
from asyncmig.revisions.graph.moves import RowChange, stamp_moves
from support.executions import Execution, short
from support.executions import ScriptSession as Session
from support.plans import BOOKS, autocommit, partial, transaction


@pytest.fixture
def execute(project):
    """A function: runs the upgrade of all revisions; gives the statements that were sent."""
    return Execution(project)


async def test_each_revision_with_its_row(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='op.execute("SELECT 2"); op.execute("VACUUM")')
    assert short(await execute()) == ["SELECT 1", "+a1", "SELECT 2", "VACUUM", "a1 -> b1"]
    assert [step.revision for step in execute.applied] == ["a1", "b1"]
    started = [event for event in execute.events if isinstance(event, StepStarted)]
    assert [(event.number, event.total) for event in started] == [(1, 2), (2, 2)]


async def test_settings_of_a_script_end_before_the_next_one(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SET work_mem = 1")')
    project.revision("b1", down="a1", upgrade='op.execute("SET work_mem = 2")')
    settings = Settings(script_location=project.script_location)
    sent = short(await execute(settings=settings))
    assert sent == ["SET work_mem = 1", "+a1", "RESET work_mem", "SET work_mem = 2", "a1 -> b1"]
    assert "RESET work_mem" not in await execute()


async def test_scripts_that_change_no_settings_have_nothing_between_them(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='op.execute("SELECT 2")')
    session = Session()
    await execute(session, settings=Settings(script_location=project.script_location))
    assert sum(message.count("COMMIT") for message in session.messages) == 2


async def test_hooks_follow_the_row_of_their_step(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='op.execute("VACUUM")')

    def hook(*, ctx, step, heads, run_args) -> None:
        ctx.execute(f"SELECT 'at {' '.join(heads)}'")

    sent = short(await execute(hooks=(hook,)))
    assert sent == ["SELECT 1", "+a1", "SELECT 'at a1'", "VACUUM", "a1 -> b1", "SELECT 'at b1'"]


async def test_what_precedes_a_script_that_raises_is_sent(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='raise LookupError("gone")')
    session = Session()
    with pytest.raises(ScriptError, match="LookupError: gone"):
        await execute(session)
    assert any("SELECT 1" in message for message in session.messages)

    session = Session()
    with pytest.raises(ScriptError):
        await execute(session, one_transaction=True)
    assert not any("SELECT 1" in message for message in session.messages)


async def test_what_precedes_it_is_sent_to_the_end_where_the_run_is_cancelled(
    project, execute
) -> None:
    class Slow(Session):
        async def send(self, sql: str) -> None:
            if "SELECT 1" in sql:
                scope.cancel()
                await anyio.sleep(0)
            await super().send(sql)

    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='raise LookupError("gone")')
    session = Slow()
    with anyio.CancelScope() as scope, pytest.raises(ScriptError):
        await execute(session)
    assert "COMMIT" in session.messages[0]


async def test_committed_phases_are_not_sent_again(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1"); op.execute("VACUUM")')
    first, second = transaction("SELECT 1"), autocommit("VACUUM")
    entry = partial(phase=1, fingerprint=second.fingerprint)
    resume = Resume(entry=entry, fingerprints={0: first.fingerprint})
    assert short(await execute(resumes={"a1": resume})) == ["VACUUM", "+a1"]


async def test_a_script_that_was_shortened_is_refused(project, execute) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    first = transaction("SELECT 1")
    resume = Resume(
        entry=partial(phase=0, kind="transaction", state="done"),
        fingerprints={0: first.fingerprint},
    )
    with pytest.raises(ScriptError, match="was shortened after it was partially applied"):
        await execute(resumes={"a1": resume})


async def test_a_stamp_checks_and_writes_its_rows(project, execute) -> None:
    project.revision("a1")
    project.revision("b1", down="a1")
    await execute()
    session = execute.executor._session
    session.messages.clear()
    graph = execute.executor._planner.graph
    moves = stamp_moves(graph, RowChange(remove=("gone",), add=("b1",)))
    await execute.executor.stamp(
        moves, ["gone"], before=["SELECT 'before'"], after=["SELECT 'after'"]
    )
    statements = session.messages[0].split("\n;\n")
    assert statements[1] == "SELECT 'before'"
    assert statements[-2] == "SELECT 'after'"
    written = [text for text in statements if text.startswith(("INSERT", "DELETE"))]
    assert written == [
        "INSERT INTO alembic_version (version_num) VALUES ('b1')",
        "DELETE FROM alembic_version WHERE alembic_version.version_num = 'gone'",
    ]
    assert sum("version_table_changed" in text for text in statements) == 2


async def test_a_stamp_that_the_server_refuses_names_its_revision(project, execute) -> None:
    project.revision("a1")
    await execute()
    session = execute.executor._session
    refused = asyncpg.InsufficientPrivilegeError("denied")
    session.refuse = lambda sql: refused if sql.startswith("INSERT") else None
    graph = execute.executor._planner.graph
    moves = stamp_moves(graph, RowChange(add=("a1",)))
    with pytest.raises(StatementFailedError) as raised:
        await execute.executor.stamp(moves, [], before=[], after=[])
    assert (raised.value.revision, raised.value.phase) == ("a1", 0)


async def test_a_hook_of_a_stamp_belongs_to_its_revision(project, execute) -> None:
    def hook(*, ctx, step, heads, run_args) -> None:
        ctx.execute("ROLLBACK")

    project.revision("a1")
    await execute()
    executor = execute.executor
    executor._hooks = (hook,)
    moves = stamp_moves(executor._planner.graph, RowChange(add=("a1",)))
    with pytest.raises(AsyncmigError) as raised:
        await executor.stamp(moves, [], before=[], after=[])
    assert raised.value.fields()["path"] == str(project.versions / "a1.py")


async def test_a_hook_of_a_stamp_that_the_server_refuses_is_in_its_only_phase(
    project, execute
) -> None:
    def hook(*, ctx, step, heads, run_args) -> None:
        ctx.execute("SELECT bad")

    project.revision("a1")
    await execute()
    executor = execute.executor
    executor._hooks = (hook,)
    refused = asyncpg.UndefinedTableError("no table")
    executor._session.refuse = lambda sql: refused if "bad" in sql else None
    moves = stamp_moves(executor._planner.graph, RowChange(add=("a1",)))
    with pytest.raises(StatementFailedError) as raised:
        await executor.stamp(moves, [], before=[], after=[])
    assert (raised.value.sql, raised.value.phase) == ("SELECT bad", 0)


class TestCleaningUp:
    @pytest.mark.parametrize(
        ("error", "interrupted"),
        [(asyncio.CancelledError(), True), (KeyboardInterrupt(), True), (ValueError(), False)],
    )
    async def test_a_cancelled_session_is_interrupted_and_rolled_back(
        self, project, execute, error, interrupted
    ) -> None:
        project.revision("a1")
        await execute()
        session = execute.executor._session
        session.messages.clear()
        with pytest.raises(type(error)):
            async with execute.executor._cleaning_up():
                raise error
        assert session.interrupted is interrupted
        assert session.messages == ["ROLLBACK"]

    async def test_an_error_names_what_was_applied(self, project, execute) -> None:
        project.revision("a1")
        project.revision("b1", down="a1", upgrade='op.execute("SELECT lost")')
        session = Session(lambda sql: ConnectionLostError("gone") if "lost" in sql else None)
        with pytest.raises(ConnectionLostError) as caught:
            await execute(session)
        assert caught.value.fields()["applied"] == []


ASYNC = {"signature": "async def {name}(op):"}


class TestReading:
    async def test_what_it_said_is_sent_before_it_reads(self, project, execute) -> None:
        project.revision(
            "a1",
            upgrade='op.execute("SELECT 1"); await op.fetch("SELECT 2"); op.execute("SELECT 3")',
            **ASYNC,
        )
        assert short(await execute()) == ["SELECT 1", "SELECT 2", "SELECT 3", "+a1"]

    async def test_what_was_refused_is_not_sent_again_for_the_revisions_before(
        self, project, execute
    ) -> None:
        project.revision(
            "a1", upgrade='op.execute("SELECT bad"); await op.fetch("SELECT 2")', **ASYNC
        )
        refused = asyncpg.UndefinedColumnError("no column")
        none = {"asyncmig.committed": [{"number": "0"}]}
        session = Session(lambda sql: refused if "bad" in sql else None, none)
        with pytest.raises(StatementFailedError):
            await execute(session)
        assert sum("SELECT bad" in message for message in session.messages) == 2  # and its replay
        assert "SELECT 2" not in session.messages

    async def test_its_own_commit_and_rollback(self, project, execute) -> None:
        project.revision(
            "a1",
            upgrade="""
                op.execute("SELECT 1")
                await op.fetch("COMMIT")
                op.execute("SELECT 2")
                await op.fetch("ROLLBACK")
                op.execute("SELECT 3")
            """,
            **ASYNC,
        )
        assert short(await execute()) == ["SELECT 1", "SELECT 3", "+a1"]

    async def test_a_transaction_of_its_own_statements_alone_is_a_phase(
        self, project, execute
    ) -> None:
        project.revision(
            "a1",
            upgrade="""
                await op.fetch("UPDATE t SET i = 1")
                await op.fetch("COMMIT")
                await op.fetch("COMMIT")
                await op.fetch("UPDATE t SET i = 2")
            """,
            **ASYNC,
        )
        sent = await execute(books=BOOKS)
        assert sum("INSERT INTO asyncmig_journal" in text for text in sent) == 2
        (applied,) = execute.applied
        assert applied.phases == 2

    async def test_a_rollback_of_all_revisions_is_refused(self, project, execute) -> None:
        project.revision("a1", upgrade='await op.fetch("ROLLBACK")', **ASYNC)
        with pytest.raises(ScriptError, match="rolls back, and all revisions share a transaction"):
            await execute(one_transaction=True)

    async def test_a_statement_outside_a_transaction(self, project, execute) -> None:
        project.revision(
            "a1", upgrade='op.execute("SELECT 1"); await op.fetch("VACUUM t")', **ASYNC
        )
        session = Session()
        assert short(await execute(session)) == ["SELECT 1", "VACUUM t", "+a1"]
        vacuum = session.messages.index("VACUUM t")
        assert "COMMIT" in session.messages[vacuum - 1]

    async def test_a_phase_that_is_committed_is_not_read_again(self, project, execute) -> None:
        project.revision(
            "a1",
            upgrade='op.execute("SELECT 1"); await op.fetch("COMMIT"); op.execute("SELECT 2")',
            **ASYNC,
        )
        resume = Resume(
            entry=partial(phase=0, kind="transaction", state="done"),
            fingerprints={0: transaction("SELECT 1").fingerprint},
        )
        assert short(await execute(resumes={"a1": resume})) == ["SELECT 2", "+a1"]

    async def test_rows_that_a_committed_phase_read_are_gone(self, project, execute) -> None:
        project.revision(
            "a1",
            upgrade='await op.fetch("INSERT INTO t VALUES (1) RETURNING i"); op.execute("SELECT 2")',
            **ASYNC,
        )
        resume = Resume(entry=partial(phase=0, kind="transaction", state="done"), fingerprints={})
        with pytest.raises(
            ScriptError, match="it needs the rows of a statement that has already run"
        ):
            await execute(resumes={"a1": resume})

    async def test_a_statement_of_its_own_that_is_refused_ends_it(self, project, execute) -> None:
        project.revision("a1", upgrade='await op.fetch("VACUUM t")', **ASYNC)
        refused = asyncpg.UndefinedTableError("no table")
        session = Session(lambda sql: refused if "VACUUM" in sql else None)
        with pytest.raises(StatementFailedError, match=r"a1\.py:11: no table"):
            await execute(session)
        assert not any("alembic_version (" in message for message in session.messages)


async def test_scripts_ask_for_the_version_of_the_server(project, execute) -> None:
    project.revision(
        "a1", upgrade='op.execute(f"SELECT {op.get_context().dialect.server_version_info}")'
    )
    assert short(await execute()) == ["SELECT (16, 1)", "+a1"]


async def test_other_tasks_run_between_two_revisions(project, execute) -> None:
    for number in range(20):
        project.revision(f"r{number}", down=f"r{number - 1}" if number else None)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    await execute()
    counting.cancel()
    assert turns > 20


@pytest.mark.parametrize(
    ("first", "second", "read"),
    [
        ("SELECT 1", 'op.rename_column_online("bill", "total", "sum")', True),
        (None, 'op.rename_column_online("bill", "total", "sum")', False),
    ],
)
async def test_columns_are_read_again_behind_other_scripts(
    project, execute, monkeypatch, first, second, read
) -> None:
    asked: list[tuple[list[str], list[ColumnRequest]]] = []

    async def read_documents(session: Session, _: object, requests: list[ColumnRequest]) -> None:
        asked.append((list(session.messages), requests))

    monkeypatch.setattr("asyncmig.bookkeeping.online_facts.read_documents", read_documents)
    if first:
        project.revision("a1", upgrade=f'op.execute("{first}")')
    project.revision("b1", down="a1" if first else None, upgrade=second)
    request = ColumnRequest("rename", "bill", "total", "sum")
    online = OnlineChanges(documents={}, requested=[request, request])
    with pytest.raises(DirectiveError, match="was not looked up"):
        await execute(online=online)
    assert len(asked) == read
    for messages, requests in asked:
        assert "SELECT 1" in messages[0]
        assert requests == [request]


async def test_columns_are_read_again_for_their_own_scripts_only(
    project, execute, monkeypatch
) -> None:
    monkeypatch.setattr("asyncmig.bookkeeping.online_facts.read_documents", None)
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='op.execute("SELECT 2")')
    assert "SELECT 2" in await execute(online=OnlineChanges(documents={}))
