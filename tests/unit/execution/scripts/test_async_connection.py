"""asyncmig.execution.scripts.async_connection: savepoints of async scripts."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.execution.scripts.async_connection import ScriptConnection
from asyncmig.plan.recorder import Recorder
from asyncmig.revisions.graph.revision import Revision


class Driver:
    """An asyncpg connection without a server."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def execute(self, query: str, *args: Any) -> str:
        del args
        self.sent.append(query)
        return "OK"

    async def fetch(self, query: str) -> list[str]:
        self.sent.append(query)
        return [query]


class Hooks:
    """What the runner does around a statement: nothing."""

    def __init__(self) -> None:
        self.driver_connection = Driver()
        self.ended = 0
        self.divided: list[str] = []

    async def run_leading_statements(self, recorder: Recorder, sql: str) -> str:
        del recorder
        self.divided.append(sql)
        return sql

    async def before_statement(
        self, recorder: Recorder, sql: str, *, needs_rows: bool = False
    ) -> bool:
        del recorder, sql, needs_rows
        return True

    async def after_statement(self, recorder: Recorder) -> None:
        del recorder
        self.ended += 1

    async def note_failure(self, recorder: Recorder, error: Exception) -> None: ...


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
def connection(hooks: Hooks) -> ScriptConnection:
    recorder = Recorder(Revision(id="a1", path=__file__), dialect=MigrationDialect())
    return ScriptConnection(hooks, recorder)  # type: ignore[arg-type]  # only what is called here


async def test_a_statement_gives_its_rows_once_it_is_recorded(
    hooks: Hooks, connection: ScriptConnection
) -> None:
    assert await connection.fetch("SELECT 1") == ["SELECT 1"]
    assert hooks.ended == 1


async def test_a_text_with_parameters_is_not_divided(
    hooks: Hooks, connection: ScriptConnection
) -> None:
    await connection.execute("SELECT $1; VACUUM t", 7)
    assert hooks.divided == []
    await connection.execute("SELECT 1; VACUUM t")
    assert hooks.divided == ["SELECT 1; VACUUM t"]


async def test_a_savepoint_is_released(hooks: Hooks, connection: ScriptConnection) -> None:
    async with connection.transaction():
        await connection.execute("SELECT 1")
    assert hooks.driver_connection.sent == [
        "SAVEPOINT asyncmig_script_1",
        "SELECT 1",
        "RELEASE SAVEPOINT asyncmig_script_1",
    ]


async def test_an_error_goes_back_to_the_savepoint(
    hooks: Hooks, connection: ScriptConnection
) -> None:
    with pytest.raises(LookupError):
        async with connection.transaction(), connection.transaction():
            raise LookupError
    assert hooks.driver_connection.sent == [
        "SAVEPOINT asyncmig_script_1",
        "SAVEPOINT asyncmig_script_2",
        "ROLLBACK TO SAVEPOINT asyncmig_script_2",
        "ROLLBACK TO SAVEPOINT asyncmig_script_1",
    ]


@pytest.mark.parametrize(
    ("method", "written", "called"),
    [("copy_to_table", False, False), ("copy_to_table", True, True), ("add_listener", False, True)],
)
async def test_other_methods_wait_for_what_is_pending(hooks, method, written, called) -> None:
    calls: list[tuple[object, ...]] = []

    async def member(*args: object) -> str:
        calls.append(args)
        return "done"

    async def before_other_io(recorder: Recorder) -> bool:
        del recorder
        return written

    setattr(hooks.driver_connection, method, member)
    hooks.before_other_io = before_other_io
    connection = ScriptConnection(hooks, None)  # type: ignore[arg-type]  # what is used of both
    result = await getattr(connection, method)("t")
    assert (result, calls) == (("done", [("t",)]) if called else (None, []))
