"""asyncmig.execution.pending_run: what is read before the scripts run, and kept behind them."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import asyncpg
import pytest

from asyncmig.config.settings import Settings
from asyncmig.database.advisory_lock import lock_key
from asyncmig.errors import (
    ConnectionLostError,
    DirectiveError,
    IrreversibleError,
    ScriptError,
    StatementFailedError,
)
from asyncmig.events import ServerNotice
from asyncmig.execution.runner import Runner
from asyncmig.plan.model import Direction
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.run_request import RunRequest
from support.fake_server import FakeDatabase, FakeServer, FolderSource
from support.fake_session import SecondConnection

LOCKED = asyncpg.LockNotAvailableError("lock timeout")
UP = RunRequest(target="heads", direction=Direction.UPGRADE)


@pytest.fixture
def upgrade(project):
    """A function: runs the upgrade of all revisions on a server."""

    async def run(
        server: FakeServer, request: RunRequest = UP, observer: Any = None, **fields: Any
    ) -> FolderSource:
        known = {"script_location": project.script_location, "safe_rewrites": False}
        settings = Settings(**known | fields)
        source = FolderSource(project.versions)
        run.events = []
        database: Any = FakeDatabase(server)
        if observer is not None:
            database.observer = observer
        await Runner(database, settings, run.events.append, source).run(request)  # type: ignore[arg-type]  # what the tests need of it
        return source

    return run


def failing(times: int, error: Exception = LOCKED, word: str = "SELECT 1") -> FakeServer:
    """A server that refuses the statements with a word so often."""
    left = [error] * times

    def refuse(sql: str) -> Any:
        return left.pop() if word in sql and left else None

    return FakeServer(refuse=refuse)


class TestWhatIsRead:
    async def test_scripts_without_the_direction_are_refused_before_the_lock(
        self, upgrade, project
    ) -> None:
        project.revision("a1", downgrade=None)
        server = FakeServer({"a1"})
        with pytest.raises(IrreversibleError, match="a1 has no downgrade"):
            await upgrade(server, RunRequest(target="base", direction=Direction.DOWNGRADE))
        assert "lock" not in server.log

    @pytest.mark.parametrize("lock", [True, False])
    async def test_a_script_does_not_free_the_lock_of_the_run(self, upgrade, project, lock) -> None:
        settings = Settings(script_location=project.script_location)
        free = f"SELECT pg_advisory_unlock({lock_key(settings, 'public')})"
        project.revision("a1", upgrade=f'op.execute("{free}")')
        server = FakeServer()
        if lock:
            with pytest.raises(ScriptError, match="frees the lock that keeps other runners away"):
                await upgrade(server)
        else:
            await upgrade(server, lock=False)
        assert (free in server.sent) is not lock

    async def test_sql_scripts(self, upgrade, project) -> None:
        project.sql_revision("a1", upgrade="SELECT 1;\nSELECT 2;")
        server = FakeServer()
        await upgrade(server)
        assert server.sent[:2] == ["SELECT 1", "SELECT 2"]

    @pytest.mark.parametrize("has_one", [True, False])
    async def test_columns_for_changes_online(self, upgrade, project, monkeypatch, has_one) -> None:
        asked: list[list[str]] = []

        async def read(session, settings, state, planner, moves, scripts) -> None:
            asked.append([move.revision.id for move in moves])

        monkeypatch.setattr("asyncmig.bookkeeping.online_facts.read_online_changes", read)
        online = 'op.rename_column_online("bill", "total", "sum")'
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        project.revision("b1", down="a1", upgrade=online if has_one else "pass")
        if has_one:
            with pytest.raises(DirectiveError):
                await upgrade(FakeServer())
            assert asked == [["a1", "b1"]]
        else:
            await upgrade(FakeServer())
            assert asked == []

    @pytest.mark.parametrize(("present", "added"), [(False, 1), (True, 0)])
    async def test_the_facts_of_columns_need_a_place_in_the_journal(
        self, upgrade, project, monkeypatch, present, added
    ) -> None:
        async def read(*_: Any) -> OnlineChanges:
            return OnlineChanges(documents={})

        async def read_documents(*_: Any) -> None:
            pass

        monkeypatch.setattr("asyncmig.bookkeeping.online_facts.read_online_changes", read)
        monkeypatch.setattr("asyncmig.bookkeeping.online_facts.read_documents", read_documents)
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        online = 'op.rename_column_online("bill", "total", "sum")'
        project.revision("b1", down="a1", upgrade=online)
        server = FakeServer(rows={"attname": [{"present": present}]})
        with pytest.raises(DirectiveError):  # the column is not in the documents
            await upgrade(server)
        assert sum("ADD COLUMN IF NOT EXISTS rewrite_facts" in sql for sql in server.sent) == added

    @pytest.mark.parametrize(
        ("safe_rewrites", "present", "added"),
        [(True, False, True), (True, True, False), (False, False, False)],
    )
    async def test_the_column_for_answers_is_added_to_an_old_journal(
        self, upgrade, project, safe_rewrites, present, added
    ) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        facts = dict.fromkeys(
            ("partitioned", "indexes", "refreshable", "without_key", "volatile_functions")
        )
        server = FakeServer(
            rows={
                "AS partitioned": [facts | {"version": 16, "search_path": "public"}],
                "attname": [{"present": present}],
            }
        )
        await upgrade(server, safe_rewrites=safe_rewrites)
        altered = [sql for sql in server.sent if "ADD COLUMN IF NOT EXISTS rewrite_facts" in sql]
        assert len(altered) == added

    @pytest.mark.parametrize("longest", ["b" * 40, "b1"])
    @pytest.mark.parametrize("direction", list(Direction))
    async def test_room_is_made_for_the_ids_that_are_written(
        self, upgrade, project, longest, direction
    ) -> None:
        project.revision("a1")
        project.revision(longest, down="a1")
        up = direction is Direction.UPGRADE
        server = FakeServer({"a1"} if up else {longest})
        await upgrade(server, RunRequest(target="heads" if up else "a1", direction=direction))
        wider = [sql for sql in server.sent if "ALTER COLUMN version_num" in sql]
        assert bool(wider) is (up and len(longest) > 32)

    async def test_notices_of_the_server_are_reported(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = FakeServer()

        def raise_notice(sql: str) -> None:
            if "SELECT 1" in sql:
                fields = ("severity", "severity_en", "message", "detail", "hint", "sqlstate")
                notice = type("Notice", (), dict.fromkeys(fields, "x"))
                for listener in server.driver.listeners:
                    listener(server.driver, notice)

        server.refuse = raise_notice
        await upgrade(server)
        assert any(type(event) is ServerNotice for event in upgrade.events)
        assert server.driver.listeners == []


class TestLockWaits:
    """The journal keeps how long the run has waited for locks."""

    def waits(self, server: FakeServer) -> list[str]:
        return [sql for sql in server.sent if "lock_wait = greatest" in sql]

    @pytest.mark.parametrize("journal", [True, False])
    async def test_of_attempts_that_timed_out(self, upgrade, project, journal) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = failing(2)
        await upgrade(server, lock_retries=2, journal=journal)
        assert len(self.waits(server)) == (2 if journal else 0)
        assert server.heads == {"a1"}

    async def test_none_without_a_wait(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = FakeServer()
        await upgrade(server)
        assert self.waits(server) == []
        assert len([message for message in server.messages if "BEGIN" in message]) == 1

    async def test_the_connection_that_samples_is_closed(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = FakeServer()
        second = SecondConnection(pid=7)
        send = server.send

        async def send_late(sql: str) -> None:
            with anyio.fail_after(10):
                while not second.opened:
                    await anyio.sleep(0.01)
            await send(sql)

        server.send = send_late  # type: ignore[method-assign]  # it takes until it is sampled
        await upgrade(server, observer=second.observer)
        assert (second.opened, second.closed) == (1, 1)

    async def test_also_behind_a_failure(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = failing(99)
        with pytest.raises(StatementFailedError):
            await upgrade(server, lock_retries=1)
        assert self.waits(server)

    async def test_also_behind_a_cancellation(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = failing(1)
        send = server.send

        async def send_late(sql: str) -> None:
            if "SELECT 1" in sql and "lock_timeout" in sql:
                scope.cancel()
            await anyio.lowlevel.checkpoint()
            await send(sql)

        server.send = send_late  # type: ignore[method-assign]  # the second attempt is cancelled
        with anyio.CancelScope() as scope:
            await upgrade(server, lock_retries=5)
        assert scope.cancelled_caught
        assert len(self.waits(server)) == 1

    async def test_not_on_a_session_that_is_gone(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = failing(1)
        locked = server.refuse

        def refuse(sql: str) -> Any:
            error = locked(sql)
            if error is None and "SELECT 1" in sql:
                server.closed = True
                return ConnectionLostError("gone")
            return error

        server.refuse = refuse
        with pytest.raises(ConnectionLostError):
            await upgrade(server, lock_retries=1)
        assert self.waits(server) == []

    async def test_not_in_a_transaction_that_is_open(self, upgrade, project) -> None:
        project.revision("a1", upgrade='op.execute("SELECT 1")')
        server = failing(1)
        rolled_back = server.roll_back

        async def leave_open() -> None:
            await rolled_back()
            server.in_transaction = bool(server.heads)

        server.roll_back = leave_open  # type: ignore[method-assign]  # a caller's, say
        await upgrade(server, lock_retries=1)
        assert self.waits(server) == []


async def test_a_script_that_is_repeated_continues_behind_what_is_committed(
    upgrade, project
) -> None:
    project.revision(
        "a1",
        header="import sqlalchemy as sa\n",
        upgrade="""
            op.get_bind().execute(sa.text("VACUUM t"))
            op.get_bind().execute(sa.text("SELECT 1"))
        """,
    )
    server = failing(1)
    refuse = server.refuse

    def note(sql: str) -> Any:
        error = refuse(sql)
        if error is not None:
            server.partial = [{**ENTRY, "phase": 0, "kind": "autocommit", "state": "done"}]
        return error

    server.refuse = note
    await upgrade(server, lock_retries=2)
    assert server.messages.count("VACUUM t") == 1
    assert server.heads == {"a1"}
    # the tables were there: they are looked up, as a failed query would end a transaction
    assert server.log.count("tables") == 1


ENTRY = {
    "id": 9,
    "revision": "a1",
    "direction": "upgrade",
    "statement": 1,
    "fingerprint": None,
    "checksum": None,
    "down_revisions": [],
}
