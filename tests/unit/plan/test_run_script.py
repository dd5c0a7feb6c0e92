"""asyncmig.plan.run_script: how a script is called, and what is said of what it raises."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError, IrreversibleError, ScriptError
from asyncmig.plan.model import Direction
from asyncmig.plan.phases import COMMIT_HERE
from asyncmig.plan.recorder import Recorder
from asyncmig.plan.rewrites.rewriting import Rewriting
from asyncmig.plan.run_script import check_written, drive, record, run_script, script_failure
from asyncmig.plan.script_timeouts import own_count
from asyncmig.revisions.files.script import DeferredScript, load_script
from asyncmig.revisions.graph.revision import Revision, ScriptKind

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE


@pytest.fixture
def loaded(project):
    """A function: the script of a revision, and a recorder for it."""

    def load(rev: str = "a1", *, kind: ScriptKind = ScriptKind.PYTHON, **parts: str):
        path = project.revision(rev, **parts) if kind is ScriptKind.PYTHON else parts["path"]
        revision = Revision(id=rev, path=str(path), kind=kind)
        return load_script(revision), Recorder(revision, dialect=MigrationDialect())

    return load


def recorded(script, recorder, direction: Direction = UP) -> list[str]:
    assert record(script, direction, recorder)
    return [entry.sql for entry in recorder.take()]


def test_a_module_that_uses_op_is_executed_when_it_runs(loaded) -> None:
    script, recorder = loaded(
        header="from asyncmig import op\nop.execute('SELECT 1')", upgrade="op.execute('SELECT 2')"
    )
    assert isinstance(script, DeferredScript)
    assert recorded(script, recorder) == ["SELECT 1", "SELECT 2"]


@pytest.mark.parametrize(("downgrade", "written"), [("pass", True), (None, False)])
def test_such_a_module_is_looked_into_before_it_runs(loaded, downgrade, written) -> None:
    header = "from asyncmig import op\nop.execute('SELECT 1')"
    script, _ = loaded(header=header, downgrade=downgrade)
    assert (script.has_upgrade, script.has_downgrade) == (True, written)


def test_each_direction_has_its_function(loaded) -> None:
    parts = {"upgrade": "op.execute('SELECT 1')", "downgrade": "op.execute('SELECT 2')"}
    script, recorder = loaded(**parts)
    assert recorded(script, recorder) == ["SELECT 1"]
    assert recorded(script, recorder, DOWN) == ["SELECT 2"]


def test_each_direction_of_a_sql_file_has_its_section(loaded, project) -> None:
    path = project.sql_revision("a1", upgrade="SELECT 1;", downgrade="SELECT 2;")
    script, recorder = loaded(kind=ScriptKind.SQL, path=path)
    assert recorded(script, recorder) == ["SELECT 1"]
    assert recorded(script, recorder, DOWN) == ["SELECT 2"]


def test_a_coroutine_has_not_begun(loaded) -> None:
    script, recorder = loaded(signature="async def {name}(op):", upgrade="op.execute('SELECT 1')")
    coroutine = run_script(script, UP, recorder)
    assert recorder.entries == []
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert len(recorder.entries) == 1


def test_a_coroutine_that_waits_for_something_else_is_closed(loaded) -> None:
    script, recorder = loaded(
        signature="async def {name}(op):", header="import asyncio", upgrade="await asyncio.sleep(0)"
    )
    coroutine = run_script(script, UP, recorder)
    drive(coroutine, recorder)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
    assert recorder.went_live


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        ("def {name}(op):", "Operations"),
        ("def {name}(op, /, *, tag='no'):", "Operations"),
        ("def {name}(*, tag='no'):", "tag"),
        ("def {name}(*given):", "given"),
        ("def {name}(**given):", "given"),
    ],
)
def test_operations_are_for_a_first_positional_parameter(loaded, signature, arguments) -> None:
    given = {
        "Operations": "type(op).__name__",
        "tag": "f'tag {tag}'",
        "given": "f'given {len(given)}'",
    }
    upgrade = f"raise LookupError({given[arguments]})"
    script, recorder = loaded(signature=signature, upgrade=upgrade, downgrade=None)
    said = {"Operations": "Operations", "tag": "tag no", "given": "given 0"}[arguments]
    with pytest.raises(ScriptError, match=f"LookupError: {said}$"):
        record(script, UP, recorder)


def test_a_function_that_is_missing_or_unwritten_is_refused_before_it_runs(loaded, project) -> None:
    missing, _ = loaded(upgrade=None)
    with pytest.raises(ScriptError, match=r"revision a1 has no upgrade \(.*a1.py\)$") as caught:
        check_written(missing, UP)
    assert caught.value.hint.startswith("define `def upgrade(op: Operations) -> None:`")
    unwritten, _ = loaded("b1", upgrade="raise NotImplementedError('later')")
    with pytest.raises(ScriptError, match=r"has no upgrade: later \(.*b1.py:\d+\)$") as caught:
        check_written(unwritten, UP)
    assert caught.value.hint.startswith("write what it is to do in place of")
    sql, _ = loaded("c1", kind=ScriptKind.SQL, path=project.sql_revision("c1", downgrade=None))
    with pytest.raises(IrreversibleError, match=r"revision c1 has no downgrade \(.*c1.sql\)$"):
        check_written(sql, DOWN)


def test_a_script_may_ask_for_a_single_try(loaded) -> None:
    script, _ = loaded(header="lock_retries = 0")
    assert own_count(script, "lock_retries") == 0
    script, _ = loaded("b1", header="lock_retries = -1")
    with pytest.raises(ScriptError, match="sets lock_retries to -1"):
        own_count(script, "lock_retries")


def test_a_function_that_is_missing_is_not_called(loaded) -> None:
    script, recorder = loaded(downgrade=None)
    assert recorded(script, recorder, DOWN) == []


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            RuntimeError("asyncio.run() cannot be called from a running event loop"),
            "asyncmig runs in",
        ),
        (LookupError("gone"), "the script itself raised this"),
    ],
)
def test_what_to_do_about_an_exception(loaded, error, hint) -> None:
    script, _ = loaded()
    found = script_failure(script, error)
    assert (
        str(found)
        == f"revision a1 failed at {script.revision.path}: {type(error).__name__}: {error}"
    )
    assert found.hint.startswith(hint)
    assert found.fields().get("line") is None


def test_the_last_line_of_the_script_counts(loaded) -> None:
    script, recorder = loaded(
        header="def helper():\n    raise LookupError('gone')", upgrade="helper()"
    )
    with pytest.raises(ScriptError, match="LookupError: gone") as caught:
        record(script, UP, recorder)
    line = caught.value.fields()["line"]
    lines = Path(script.revision.path).read_text().splitlines()
    assert lines[line - 1] == "    raise LookupError('gone')"


def test_a_script_for_alembic_keeps_the_keywords_that_alembic_ignores(loaded) -> None:
    script, recorder = loaded(
        header="from alembic import op", upgrade="op.drop_column('t', 'a', if_exist=True)"
    )
    with pytest.warns(UserWarning, match="has no keyword if_exist"):
        assert recorded(script, recorder) == ["ALTER TABLE t DROP COLUMN a"]


def test_a_script_of_asyncmig_refuses_them(loaded) -> None:
    script, recorder = loaded(upgrade="op.drop_column('t', 'a', if_exist=True)")
    with pytest.raises(DirectiveError, match=r"op\.drop_column has no keyword if_exist"):
        record(script, UP, recorder)


@pytest.mark.parametrize("value", ["None", "0", "'no'"])
def test_the_switch_of_safe_rewrites_is_a_bool(loaded, value) -> None:
    script, recorder = loaded(header=f"safe_rewrites = {value}")
    with pytest.raises(ScriptError, match="revision a1 sets safe_rewrites to") as caught:
        run_script(script, UP, recorder)
    assert caught.value.fields()["revision"] == "a1"


@pytest.mark.parametrize("value", [True, False])
def test_a_script_switches_its_own_rewrites_off(loaded, value) -> None:
    script, recorder = loaded(header=f"safe_rewrites = {value}")
    recorder.rewrites = Rewriting().for_script("a1")
    run_script(script, UP, recorder)
    assert recorder.rewrites.switched_on is value


class TestMarksOfSqlFiles:
    def entries(self, loaded, project, upgrade: str) -> list[tuple[str, str | None]]:
        path = project.sql_revision("a1", upgrade=upgrade)
        script, recorder = loaded(kind=ScriptKind.SQL, path=path)
        assert record(script, UP, recorder)
        return [
            ("COMMIT", None)
            if entry is COMMIT_HERE
            else (entry.sql, entry.backfill and entry.backfill.name)
            for entry in recorder.take()
        ]

    def test_the_statement_below_a_mark_is_the_backfill(self, loaded, project) -> None:
        text = "-- backfill: name=x\nUPDATE t SET a = 1;\nSELECT 2;"
        assert self.entries(loaded, project, text) == [
            ("UPDATE t SET a = 1", "x"),
            ("SELECT 2", None),
        ]

    def test_only_the_mark_of_a_transaction_commits(self, loaded, project) -> None:
        text = "SELECT 1;\n-- phase: autocommit\nVACUUM;\n-- phase: transaction\nSELECT 2;"
        assert self.entries(loaded, project, text) == [
            ("SELECT 1", None),
            ("VACUUM", None),
            ("COMMIT", None),
            ("SELECT 2", None),
        ]

    def test_a_gate_takes_no_statement(self, loaded, project) -> None:
        text = "-- backfill: require=x\nSELECT 2;"
        gate, other = self.entries(loaded, project, text)
        assert gate[1] == "x"
        assert other == ("SELECT 2", None)
        assert self.entries(loaded, project, "-- backfill: require=x\n") == [gate]

    def test_a_mark_without_a_statement_names_its_line(self, loaded, project) -> None:
        with pytest.raises(ScriptError, match=r"a1.*:\d+: the mark `-- backfill:` cannot be used"):
            self.entries(loaded, project, "-- backfill: name=x\n")
        with pytest.raises(ScriptError, match=r"a1.*:\d+: the mark `-- online:` cannot be used"):
            self.entries(loaded, project, "-- online:\n")

    def test_an_online_change_has_phases(self, loaded, project) -> None:
        text = "-- online:\nALTER TABLE t ALTER a TYPE bigint;\nSELECT 2;"
        found = self.entries(loaded, project, text)
        assert found[0] == ("ALTER TABLE t ADD COLUMN a_online bigint", None)
        assert found[-2:] == [("COMMIT", None), ("SELECT 2", None)]
