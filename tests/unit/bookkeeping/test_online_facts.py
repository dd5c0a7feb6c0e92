"""asyncmig.bookkeeping.online_facts: the document of a column, from answers of the catalogs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from asyncmig.bookkeeping.online_facts import read_documents, read_online_changes
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.config.settings import Settings
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.plan.model import Direction
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online.requests import ColumnRequest
from asyncmig.plan.planner import Planner
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import ScriptDirectory

ALTER = ColumnRequest("alter", "bill", "total")
RENAME = ColumnRequest("rename", "bill", "total", "sum")
FINISH = ColumnRequest("finish", "bill", "total")


class Catalogs:
    """A table ``bill`` (1) with a column 2 that ``part`` (7) and ``piece`` (8) refer to."""

    caller_transaction = False

    def __init__(self, *, mark: Any = None, **answers: Any) -> None:
        self.driver = SimpleNamespace(get_server_version=lambda: SimpleNamespace(major=17))
        self.marks = answers.get("marks", [{"mark": mark}])
        self.root = answers.get("root", [{"oid": 1, "attnum": 2, "type": "integer"}])
        self.asked: list[tuple[Any, ...]] = []

    async def fetch(self, query: str, *args: Any) -> list[dict[str, Any]]:
        if "AS mark" in query:
            self.asked.append(("mark", *args))
            return self.marks
        if "to_regclass($1)" in query:
            self.asked.append(("root", *args))
            return self.root
        if "confrelid = $1" in query and "conkey[k.position]" in query:
            return {
                (1, 2): [
                    {"oid": 8, "attnum": 4, "type": "integer"},
                    {"oid": 7, "attnum": 3, "type": "integer"},
                    {"oid": 7, "attnum": 5, "type": "bigint"},
                ],
                (7, 3): [{"oid": 1, "attnum": 2, "type": "integer"}],
                (8, 4): [{"oid": 1, "attnum": 9, "type": "integer"}],
            }.get(args, [])
        assert "AS facts" in query
        oid, numbers = args
        return [{"facts": json.dumps({"oid": oid, "columns": numbers})}]


async def document(request: ColumnRequest, **answers: Any) -> tuple[dict[str, Any], Catalogs]:
    session = Catalogs(**answers)
    changes = OnlineChanges(recorded={}, obstacle=None)
    await read_documents(session, changes, [request])  # type: ignore[arg-type]  # what it asks for
    return changes.documents[request.key], session


async def test_a_change_of_type_includes_the_columns_that_refer_to_it() -> None:
    found, session = await document(ALTER)
    assert found == {
        "version": 17,
        "column": "total",
        "mark": None,
        "tables": [
            {"oid": 1, "columns": [2, 9]},
            {"oid": 7, "columns": [3]},
            {"oid": 8, "columns": [4]},
        ],
    }
    assert session.asked == [("mark", "bill", list(ALTER.triggers)), ("root", "bill", "total")]


@pytest.mark.parametrize("request_", [RENAME, FINISH])
async def test_other_changes_are_of_the_column_alone(request_: ColumnRequest) -> None:
    found, _ = await document(request_, marks=[])
    assert found["tables"] == [{"oid": 1, "columns": [2]}]
    assert found["mark"] is None


async def test_the_end_of_a_change_is_about_the_old_column_of_its_mark() -> None:
    mark = {"kind": "rename", "old": "amount", "new": "total"}
    found, session = await document(FINISH, mark=json.dumps(mark))
    assert (found["column"], found["mark"]) == ("amount", mark)
    assert session.asked[1] == ("root", "bill", "amount")
    found, session = await document(RENAME, mark=json.dumps(mark))
    assert found["column"] == "total"


async def test_what_does_not_exist_is_said() -> None:
    assert (await document(ALTER, root=[]))[0] == {"missing": "table"}
    no_column = [{"oid": 1, "attnum": None, "type": None}]
    found, _ = await document(ALTER, root=no_column, mark='{"old": "x"}')
    assert found == {"missing": "column", "mark": {"old": "x"}}


async def test_the_columns_that_the_scripts_of_a_plan_name_are_looked_up(project) -> None:
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    project.revision("b1", down="a1", upgrade='op.rename_column_online("bill", "total", "sum")')
    graph = ScriptDirectory.load([project.versions], cache=False).graph
    moves = graph.upgrade_path("heads", ())
    session: Any = Catalogs()
    changes = await read_online_changes(
        session,
        Settings(script_location="migrations"),
        DatabaseState(
            heads=frozenset(),
            schema="app",
            has_version_table=True,
            has_journal=True,
            has_backfills=False,
        ),
        Planner(graph, dialect=MigrationDialect()),
        moves,
        {move.revision.id: load_script(move.revision) for move in moves},
    )
    assert [request.key for request in changes.requested] == [RENAME.key]
    assert changes.documents[RENAME.key]["tables"] == [{"oid": 1, "columns": [2]}]
    assert changes.directions == dict.fromkeys(("a1", "b1"), Direction.UPGRADE)
    assert changes.recorded == {}
