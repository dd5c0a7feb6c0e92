"""asyncmig.plan.recorder: what a script that reads, or handles errors, does with its connection."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import NeedsDatabaseError, ScriptError
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.tables import CreateTableOp
from asyncmig.plan.phases import COMMIT_HERE
from asyncmig.plan.recorder import Recorder, StopRecordingError
from asyncmig.revisions.graph.revision import Revision
from asyncmig.sql.slices import LARGE


class Live:
    """A connection without a server; keeps what it is asked for."""

    def __init__(self, schemas: dict[str | None, str | None] | None = None) -> None:
        self.asked: list[object] = []
        self.schemas = schemas

    def bind(self, recorder: Recorder) -> Any:
        self.asked.append("bind")
        return "connection"

    async def driver(self, recorder: Recorder) -> Any:
        self.asked.append("driver")
        return "driver"

    async def fetch(self, recorder: Recorder, query: str, args: tuple[Any, ...]) -> list[Any]:
        self.asked.append((query, args))
        return ["row"]

    def run_async(self, recorder: Recorder, function: Any, args: Any, kwargs: Any) -> Any:
        self.asked.append(function)
        return args, kwargs

    def schema_translate_map(self) -> dict[str | None, str | None] | None:
        return self.schemas

    def before_handled_directive(self, recorder: Recorder) -> None:
        self.asked.append("before")

    def after_directive(self, recorder: Recorder, *, handled: bool) -> None:
        self.asked.append(f"after, handled: {handled}")


def recorder(**options: Any) -> Recorder:
    revision = Revision(id="a1", path=__file__)
    return Recorder(revision, dialect=MigrationDialect(), **options)


def statements(of: Recorder) -> list[str]:
    return ["COMMIT" if entry is COMMIT_HERE else entry.sql for entry in of.entries]


class TestReading:
    async def test_each_way_goes_through_the_live_connection(self) -> None:
        live = Live()
        own = recorder(live=live)
        assert own.bind() == "connection"
        assert await own.driver() == "driver"
        assert await own.fetch("SELECT $1", 7) == ["row"]
        assert own.run_async(print, 1, end="") == ((1,), {"end": ""})
        assert live.asked == ["bind", "driver", ("SELECT $1", (7,)), print]
        assert own.went_live

    def test_the_first_read_is_where_it_became_live(self) -> None:
        own = recorder(live=Live())
        own.bind()
        first = own.live_origin
        assert first is not None
        assert first.startswith(f"{__file__}:")
        own.bind()
        assert own.live_origin == first

    def test_a_plan_ends_at_the_first_read(self) -> None:
        own = recorder()
        with pytest.raises(StopRecordingError):
            own.bind()
        assert own.went_live

    def test_a_script_for_psql_names_the_line(self) -> None:
        own = recorder(offline=True)
        with pytest.raises(
            NeedsDatabaseError, match=r"a1: get_bind\(\) at .*test_recorder\.py:\d+"
        ):
            own.bind()
        assert not own.went_live

    def test_what_there_is(self) -> None:
        assert recorder().planning
        assert not recorder(live=Live()).planning
        assert not recorder(offline=True).planning
        assert recorder(offline=True).offline
        metadata = sa.MetaData()
        assert recorder(target_metadata=metadata).target_metadata is metadata
        assert recorder(options={"a": 1}).options == {"a": 1}
        assert recorder().options == {}


@pytest.fixture
def handled(monkeypatch):
    """A function: says whether a directive is called inside of a ``try``."""

    def set_handled(value: bool) -> None:
        monkeypatch.setattr("asyncmig.plan.recorder.is_handled_by_caller", lambda: value)

    set_handled(False)
    return set_handled


@pytest.mark.usefixtures("handled")
class TestDirectives:
    def test_a_directive_before_the_first_read_is_only_kept(self) -> None:
        live = Live()
        own = recorder(live=live)
        own.perform(ExecuteSQLOp("SELECT 1"))
        assert (statements(own), live.asked) == (["SELECT 1"], [])

    def test_one_after_it_may_be_sent_at_once(self) -> None:
        live = Live()
        own = recorder(live=live)
        own.bind()
        own.perform(ExecuteSQLOp("SELECT 1"))
        assert live.asked == ["bind", "after, handled: False"]

    def test_one_whose_error_the_script_handles_makes_it_live(self, handled) -> None:
        handled(True)
        live = Live()
        own = recorder(live=live)
        own.perform(ExecuteSQLOp("SELECT 1"))
        assert live.asked == ["before", "after, handled: True"]
        assert own.went_live

    def test_a_plan_shows_what_follows_when_there_is_no_error(self, handled) -> None:
        handled(True)
        own = recorder()
        own.perform(ExecuteSQLOp("SELECT 1"))
        assert (statements(own), own.went_live) == (["SELECT 1"], True)

    def test_a_script_for_psql_handles_no_errors(self, handled) -> None:
        handled(True)
        own = recorder(offline=True)
        own.perform(ExecuteSQLOp("SELECT 1"))
        assert not own.went_live

    @pytest.mark.parametrize(("schemas", "name"), [(None, "t"), ({None: "tenant"}, "tenant.t")])
    def test_schemas_of_the_connection_count(self, schemas, name) -> None:
        own = recorder(live=Live(schemas))
        own.perform(CreateTableOp("t", [sa.Column("i", sa.Integer)]))
        assert statements(own)[0].startswith(f"CREATE TABLE {name} (")

    def test_the_line_of_an_error_is_the_texts_own(self) -> None:
        def line(sql: str) -> int:
            with pytest.raises(ScriptError, match=r"failed at .*:\d+ in op\.execute: ") as caught:
                recorder().perform(ExecuteSQLOp(sql))
            return caught.value.fields()["line"] - line.__code__.co_firstlineno

        assert line("SELECT 'open") == 2
        assert line("SELECT 1;\n\nSELECT 'open") == 4


class TestStatements:
    def add(self, *sql: str, **options: Any) -> Recorder:
        own = recorder(**options)
        for each in sql:
            own.add(each, origin=f"{__file__}:7", directive="sql")
        return own

    def test_commit_divides_once_and_not_before_the_first(self) -> None:
        own = self.add("COMMIT", "SELECT 1", "COMMIT", "BEGIN", "SELECT 2")
        assert statements(own) == ["SELECT 1", "COMMIT", "SELECT 2"]
        assert len(own.take()) == 3
        assert own.take() == []

    def test_a_savepoint_is_a_statement(self) -> None:
        assert statements(self.add("SAVEPOINT a", "ROLLBACK TO a")) == [
            "SAVEPOINT a",
            "ROLLBACK TO a",
        ]

    @pytest.mark.parametrize(
        ("sql", "message"),
        [
            ("ROLLBACK", r"a script may not roll back the runner's transaction \(.*:7\)"),
            ("DISCARD ALL", "revision a1 failed at .*:7: DISCARD ALL frees the lock"),
            ("SELECT pg_advisory_unlock_all()", r"pg_advisory_unlock_all\(\) frees the lock"),
            ("DO $$ BEGIN PERFORM pg_advisory_unlock_all(); END $$", "frees the lock"),
            ("SELECT '\ud800'", "half of a surrogate pair in line 1"),
        ],
    )
    def test_what_no_run_survives_is_refused(self, sql, message) -> None:
        with pytest.raises(ScriptError, match=message):
            self.add(sql)

    @pytest.mark.parametrize(
        ("sql", "frees"),
        [
            ("SELECT pg_advisory_unlock(-7123)", True),
            ("DO $$ BEGIN PERFORM pg_catalog.pg_advisory_unlock(- 7123); END $$", True),
            ("SELECT pg_advisory_unlock(8)", False),
            ("SELECT pg_advisory_lock(-7123)", False),
        ],
    )
    def test_the_lock_of_the_run_is_not_freed(self, sql, frees) -> None:
        assert statements(self.add(sql)) == [sql]  # a plan holds none
        own = recorder()
        own.lock_key = -7123
        if not frees:
            own.add(sql, origin=None, directive="sql")
            return
        with pytest.raises(ScriptError, match=r"pg_advisory_unlock\(-7123\) frees the lock"):
            own.add(sql, origin=None, directive="sql")

    def test_a_function_that_is_only_mentioned_is_not_called(self) -> None:
        sql = "SELECT 'pg_advisory_unlock_all()'"
        assert statements(self.add(sql)) == [sql]

    def test_settings_are_noted(self) -> None:
        own = self.add("SET work_mem = '1GB'", "SELECT 1")
        assert (own.changed_settings, own.sets_lock_timeout) == ({"work_mem"}, False)
        own = self.add("SET LOCAL lock_timeout = 0", "SELECT 1")
        assert (own.changed_settings, own.sets_lock_timeout) == (set(), True)

    def test_an_autocommit_block_ends_with_its_last_statement(self) -> None:
        own = recorder()
        with own.autocommit():
            with own.autocommit():
                own.add("SELECT 1", origin=None, directive="sql")
            own.add("SELECT 2", origin=None, directive="sql")
        own.add("SELECT 3", origin=None, directive="sql")
        assert [entry.transactional for entry in own.entries] == [False, False, True]

    def test_an_error_without_a_place(self) -> None:
        with pytest.raises(ScriptError, match=r"roll back the runner's transaction$"):
            recorder().add("ROLLBACK", origin=None, directive="execute")
        with pytest.raises(ScriptError, match=r"revision a1 failed in op\.execute: ") as caught:
            recorder().inspect("\0", None, "execute")
        assert caught.value.fields().get("line") is None


def test_much_is_more_than_the_limit_since_it_was_taken() -> None:
    own = recorder()
    for _ in range(2):
        own.add("SELECT '" + "x" * (LARGE - 9) + "'", origin=None, directive="sql")
        assert not own.holds_much
        own.add(";", origin=None, directive="sql")
        assert own.holds_much
        own.take()


def test_the_size_of_what_is_recorded_decides_about_a_thread() -> None:
    own = recorder()
    for _ in range(3):
        own.add("SELECT '" + "x" * (LARGE // 2) + "'", origin=None, directive="sql")
    assert own.holds_much
    own.take()
    assert not own.holds_much
