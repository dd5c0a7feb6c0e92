"""asyncmig.plan.run_script: how a script is called, and what is said of what it raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError, ScriptError
from asyncmig.plan.model import Direction
from asyncmig.plan.recorder import Recorder
from asyncmig.plan.run_script import record, run_script, script_failure
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
