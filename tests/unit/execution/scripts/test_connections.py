"""asyncmig.execution.scripts.connections: the SQLAlchemy connection of scripts, and its hooks."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from asyncmig.database.committed_work import CommittedWork
from asyncmig.errors import (
    AsyncmigError,
    ConnectionLostError,
    ScriptError,
    StatementFailedError,
)
from asyncmig.execution.messages.sender import MessageSender
from asyncmig.execution.scripts import connections as module
from asyncmig.execution.scripts.connections import ScriptConnections
from asyncmig.revisions.files.script import SqlScript
from asyncmig.sql.slices import LARGE
from support.executions import Execution, ScriptRun, ScriptSession, refusing, trace
from support.fake_session import FakeSession, fake_context
from support.plans import step
from support.waiting_thread import WaitingThread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOOKS = ("before_cursor_execute", "after_cursor_execute", "rollback", "commit")


@pytest.fixture
def run(project) -> ScriptRun:
    """A function: runs one script, and gives what was sent."""
    return ScriptRun(project)


class TestWithoutAScript:
    @pytest.fixture
    def session(self) -> FakeSession:
        return FakeSession()

    @pytest.fixture
    def connections(self, session: FakeSession) -> ScriptConnections:
        context = fake_context(session)
        return ScriptConnections(context, MessageSender(context))

    def test_statements_pass_as_they_are(self, connections, session) -> None:
        sql = "SELECT 1; SELECT 2"
        assert connections._before(None, None, sql, ()) == (sql, ())
        connections._after()
        assert session.messages == []

    @pytest.mark.parametrize("error", [asyncpg.UndefinedTableError("no table"), OSError("gone")])
    def test_errors_are_not_recorded(self, connections, session, error) -> None:
        connections._failed(SimpleNamespace(original_exception=error))
        assert session.messages == []

    def test_there_is_no_translation_of_schemas_before_a_connection(self, connections) -> None:
        assert connections.schema_translate_map() is None

    def test_the_translation_of_schemas_is_that_of_the_script(self, connections) -> None:
        # SQLAlchemy adds a key of its own
        options = {"schema_translate_map": {"old": "app", "_none": None}}
        known = SimpleNamespace(get_execution_options=lambda: options)
        connections._sqlalchemy = SimpleNamespace(sync_connection=known)
        assert connections.schema_translate_map() == {"old": "app"}

    def test_errors_on_other_connections_of_a_callers_engine_are_not_recorded(
        self, connections, session
    ) -> None:
        connections._recorder = object()
        connections._sqlalchemy = SimpleNamespace(sync_connection=object())
        connections._failed(
            SimpleNamespace(
                original_exception=asyncpg.UndefinedTableError("no table"),
                connection=object(),
                dialect=object(),
            )
        )
        assert session.messages == []

    def test_an_error_without_a_line_of_the_script_names_its_file(self, connections) -> None:
        running: Any = SimpleNamespace(
            recorder=SimpleNamespace(source="a1.py"),
            step=step(),
            index=0,
            committed_work=lambda _: CommittedWork(),
        )
        error = asyncpg.UndefinedTableError("no table")
        assert connections._explain(running, error, error).fields()["origin"] == "a1.py"

    async def test_closing_what_was_never_opened_sends_nothing(self, connections, session) -> None:
        await connections.close()
        assert session.messages == []


@pytest.mark.parametrize("last", ["", "; raise LookupError", "; op.execute('SELECT bad')"])
async def test_all_scripts_share_a_connection_that_is_left_as_it_was(project, last) -> None:
    header = "import sqlalchemy as sa\n"
    read = 'op.get_bind().execute(sa.text("SELECT 1"))'
    project.revision("a1", header=header, upgrade=read)
    project.revision("b1", down="a1", header=header, upgrade=read + last)
    session = refusing("bad")
    with nullcontext() if not last else pytest.raises(AsyncmigError):
        await Execution(project)(session)
    (connection,) = session.connections
    found: Any = connection.sync_connection
    assert [len(list(getattr(found.dispatch, name))) for name in HOOKS] == [0, 0, 0, 0]
    assert list(found.engine.dialect.dispatch.handle_error) == []
    assert "invalidate" not in vars(found)
    assert not connection.in_transaction()
    assert not session.closed


async def test_parameters_are_sent_with_their_statement(run) -> None:
    sent = await run('op.get_bind().execute(sa.text("SELECT :a, \';\'"), {"a": 7})')
    assert sent[1] == "SELECT $1, ';' 7"


async def test_a_text_with_parameters_is_not_divided(run) -> None:
    sent = await run('op.get_bind().execute(sa.text("SELECT :a; VACUUM t"), {"a": 7})')
    assert "SELECT $1; VACUUM t 7" in sent


async def test_a_savepoint_that_is_left_open_ends_with_its_script(project) -> None:
    header = "import sqlalchemy as sa\n"
    project.revision("a1", header=header, upgrade="op.get_bind().begin_nested()")
    project.revision(
        "b1",
        down="a1",
        header=header,
        upgrade="""
            op.get_bind().execute(sa.text("SELECT 1"))
            op.execute("CREATE TABLE t ()")
            op.execute("CREATE TABLE u ()")
        """,
    )
    session = ScriptSession()
    await Execution(project)(session)
    (last,) = [line for line in trace(session.messages) if "CREATE TABLE u" in line]
    assert last.startswith("SAVEPOINT asyncmig_statements; CREATE TABLE t (); CREATE TABLE u ();")


async def test_a_connection_is_asked_for_when_nothing_is_in_flight(project) -> None:
    class Slow(ScriptSession):
        busy = 0

        async def send(self, sql: str) -> None:
            self.busy += 1
            for _ in range(5):
                await asyncio.sleep(0)
            await super().send(sql)
            self.busy -= 1

        async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
            assert not self.busy
            return await super().fetch(query, *args)

        async def sqlalchemy(self) -> Any:
            assert not self.busy
            return await super().sqlalchemy()

    for number in range(5):
        down = f"r{number - 1}" if number else None
        project.revision(f"r{number}", down=down, upgrade=f'op.execute("SELECT {number}")')
    project.revision("s1", down="r4", upgrade="op.get_bind()")
    session = Slow()
    await Execution(project)(session)
    assert session.connections


async def test_a_schema_map_is_that_of_the_connection(run) -> None:
    sent = await run(
        """
        connection = op.get_bind()
        connection.execution_options(schema_translate_map={"old": "app"})
        op.create_table("t", sa.Column("a", sa.Integer()), schema="old")
        """
    )
    assert "CREATE TABLE app.t" in sent[0]


async def test_an_asynchronous_function_of_a_synchronous_script(run) -> None:
    sent = await run(
        """
        async def read(connection, number):
            await connection.execute(sa.text(f"SELECT {number}"))
            return number + 1

        number = op.run_async(read, 4)
        op.execute(f"SELECT {number}")
        """
    )
    assert sent[:3] == ["BEGIN", "SELECT 4", "SELECT 5"]


async def test_a_task_has_no_synchronous_connection(project) -> None:
    project.revision(
        "a1",
        header="import asyncio\n",
        upgrade="""
            async def read():
                op.get_bind()

            await asyncio.ensure_future(read())
        """,
        signature="async def {name}(op):",
    )
    with pytest.raises(ScriptError, match=r"calls op\.get_bind\(\) in a task of its own") as raised:
        await Execution(project)()
    assert raised.value.fields()["revision"] == "a1"


@pytest.mark.parametrize("large", [True, False])
async def test_much_text_is_queued_in_a_thread(project, monkeypatch, large) -> None:
    from asyncmig.plan.planner import Planner

    threads: list[bool] = []
    cut = Planner.phases

    def note(self: Planner, *args: Any, **options: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return cut(self, *args, **options)

    monkeypatch.setattr(Planner, "phases", note)
    size = LARGE if large else 1
    project.revision("a1", upgrade=f"""op.execute("SELECT '" + "x" * {size} + "'")""")
    await Execution(project)()
    assert threads == [not large]


async def test_much_text_is_queued_when_nothing_is_in_flight(project, monkeypatch) -> None:
    from asyncmig.plan.planner import Planner

    class Slow(ScriptSession):
        busy = False

        async def send(self, sql: str) -> None:
            self.busy = True
            await asyncio.sleep(0.05)
            await super().send(sql)
            self.busy = False

    session = Slow()
    seen: list[bool] = []
    cut = Planner.phases

    def note(self: Planner, entries: Any, **options: Any) -> Any:
        if any(len(entry.sql) > LARGE for entry in entries):
            seen.append(session.busy)
        return cut(self, entries, **options)

    monkeypatch.setattr(Planner, "phases", note)
    for number in range(5):
        down = f"r{number - 1}" if number else None
        project.revision(f"r{number}", down=down, upgrade=f'op.execute("SELECT {number}")')
    text = f"""op.execute("SELECT '" + "x" * {LARGE} + "'")"""
    project.revision("s1", down="r4", upgrade=text)
    await Execution(project)(session)
    assert seen == [False]


async def test_a_large_sql_script_runs_in_a_thread(project) -> None:
    project.sql_revision("a1", upgrade="SELECT 1;\n-- " + "x" * 400_000 + "\nSELECT 2;")
    session = ScriptSession()
    await Execution(project)(session)
    assert any("SELECT 1" in message for message in session.messages)
    assert any("+a1" in line for line in trace(session.messages))


@pytest.mark.parametrize("large", [True, False])
async def test_the_text_of_a_large_sql_script_is_not_kept(project, monkeypatch, large) -> None:
    released: list[str] = []
    monkeypatch.setattr(SqlScript, "release", lambda self: released.append(self.revision.id))
    text = "x" * 400_000 if large else ""
    project.sql_revision("a1", upgrade=f"SELECT 1;\n-- {text}\nSELECT 2;")
    await Execution(project)()
    assert released == (["a1"] if large else [])


async def test_a_cancelled_run_does_not_wait_for_a_large_sql_script(project, monkeypatch) -> None:
    thread = WaitingThread()
    monkeypatch.setattr(module, "run_script", thread)
    project.sql_revision("a1", upgrade="SELECT 1;\n-- " + "x" * 400_000)
    await thread.cancel(Execution(project))
    assert thread.was_left


async def test_a_lost_session_goes_before_what_the_script_says(project) -> None:
    class Lost(ScriptSession):
        async def check_not_lost(self, error: BaseException) -> None:
            raise ConnectionLostError("gone") from error

    project.revision("a1", upgrade='raise LookupError("no answer")')
    with pytest.raises(ConnectionLostError, match="gone"):
        await Execution(project)(Lost())


async def test_a_script_that_has_finished_has_no_connection(project) -> None:
    project.revision(
        "a1",
        upgrade="""
            import sys, types

            sys.modules["kept_op"] = types.SimpleNamespace(context=op.get_context())
        """,
    )
    project.revision(
        "b1", down="a1", upgrade="import kept_op; kept_op.context.connection.exec_driver_sql('')"
    )
    with pytest.raises(ScriptError, match="revision a1 used its connection after it had finished"):
        await Execution(project)()


async def test_its_transaction_has_begun(run) -> None:
    sent = await run("""op.execute(f"SELECT '{op.get_bind().in_transaction()}'")""")
    assert sent[0].startswith("BEGIN; SELECT 'True'; ")


async def test_directives_in_a_savepoint_are_sent_at_once(run) -> None:
    sent = await run(
        """
        savepoint = op.get_bind().begin_nested()
        op.execute("CREATE TABLE t ()")
        op.execute("CREATE TABLE u ()")
        savepoint.commit()
        """
    )
    assert sent[:5] == [
        "BEGIN",
        "SAVEPOINT sa_savepoint_1",
        "CREATE TABLE t ()",
        "CREATE TABLE u ()",
        "RELEASE SAVEPOINT sa_savepoint_1",
    ]


class Limited(ScriptSession):
    """Notes where the limits of a statement outside a transaction begin and end."""

    @asynccontextmanager
    async def settings(self, values: dict[str, str], **_: Any) -> AsyncIterator[None]:
        self.messages.append(f"limits {' '.join(values)}")
        yield
        self.messages.append("limits restored")


async def test_limits_of_a_statement_outside_a_transaction_end_behind_it(run) -> None:
    sent = await run('run(op, "VACUUM t")', Limited())
    assert sent[1:5] == [
        "limits lock_timeout",
        "VACUUM t",
        "limits restored",
        "BEGIN; journal 0 done; rows; COMMIT",
    ]


async def test_they_end_behind_an_error_of_the_driver_as_well(run) -> None:
    failure: Any = asyncpg.InterfaceError("a parameter has another type")
    session = Limited(lambda sql: failure if "VACUUM" in sql else None)
    with pytest.raises(ScriptError, match="another type"):
        await run('run(op, "VACUUM t")', session)
    assert run.trace[1:4] == ["limits lock_timeout", "VACUUM t", "limits restored"]


async def test_they_end_where_it_is_refused_before_it_is_sent(run) -> None:
    building = {"valid": False, "building": True, "schema": "s", "name": "i", "table_name": "t"}
    with pytest.raises(StatementFailedError, match="is being built by another session"):
        await run(
            'run(op, "CREATE INDEX CONCURRENTLY i ON t (a)")',
            Limited(rows={"indisvalid": [building]}),
        )
    begin, end = (
        run.trace.index("limits lock_timeout statement_timeout"),
        run.trace.index("limits restored"),
    )
    assert begin < end
