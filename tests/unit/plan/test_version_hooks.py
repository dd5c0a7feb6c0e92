"""asyncmig.plan.version_hooks: what on_version_apply is told, and the file that it is written in."""

from __future__ import annotations

import functools
import json

import pytest

from asyncmig.errors import ScriptError
from asyncmig.plan.phases import COMMIT_HERE
from asyncmig.plan.version_hooks import MigrationInfo, file_of, hook_failure, hook_statements
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.moves import stamp_moves
from asyncmig.revisions.graph.revision import Revision
from support.plans import statement
from support.revision_shorthand import graph

GRAPH = graph("a; x; b < a ~ x; c < b")


def moved(target: str, current: str, *, upgrade: bool) -> MigrationInfo:
    path = GRAPH.upgrade_path if upgrade else GRAPH.downgrade_path
    return MigrationInfo.of_move(path(target, current.split())[0], GRAPH)


def stamped(targets: str, current: str) -> list[MigrationInfo]:
    change = GRAPH.stamp_path(targets.split(), current.split())
    return [MigrationInfo.of_stamp(move, GRAPH) for move in stamp_moves(GRAPH, change)]


def ids(revisions) -> list[str]:
    return [each.revision for each in revisions]


class TestInfo:
    def test_an_upgrade(self) -> None:
        info = moved("b", "a x", upgrade=True)
        assert (info.is_upgrade, info.is_stamp, info.is_migration) == (True, False, True)
        assert (info.up_revision_id, info.up_revision_ids) == ("b", ("b",))
        assert info.down_revision_ids == ("a", "x")
        assert info.source_revision_ids == ("a", "x")
        assert info.destination_revision_ids == ("b",)
        assert info.up_revision.revision == "b"
        assert ids(info.up_revisions) == ids(info.destination_revisions) == ["b"]
        assert ids(info.down_revisions) == ids(info.source_revisions) == ["a", "x"]

    def test_a_downgrade(self) -> None:
        info = moved("b", "c", upgrade=False)
        assert info.is_upgrade is False
        assert (info.source_revision_ids, info.destination_revision_ids) == (("c",), ("b",))
        assert ids(info.source_revisions) == ["c"]
        assert ids(info.destination_revisions) == ["b"]

    def test_a_stamp(self) -> None:
        (info,) = stamped("c", "")
        assert (info.is_stamp, info.is_migration, info.is_upgrade) == (True, False, True)
        assert info.up_revision_id == "c"
        (info,) = stamped("base", "c")
        assert info.is_upgrade is False
        assert (info.up_revision_ids, info.down_revision_ids) == (("c",), ())
        (info,) = stamped("c", "b")
        assert info.is_upgrade is True
        assert (info.up_revision_ids, info.down_revision_ids) == (("c",), ("b",))

    def test_a_row_of_a_file_that_is_gone(self) -> None:
        info = MigrationInfo(
            is_upgrade=True,
            is_stamp=True,
            up_revision_ids=("gone",),
            down_revision_ids=(),
            revision_map=GRAPH,
        )
        assert (info.up_revision, info.up_revisions) == (None, ())
        nothing = MigrationInfo(
            is_upgrade=True,
            is_stamp=True,
            up_revision_ids=(),
            down_revision_ids=(),
            revision_map=GRAPH,
        )
        assert nothing.up_revision_id is None


def hook(**_: object) -> None: ...


class Hook:
    def __call__(self, **_: object) -> None: ...

    def method(self, **_: object) -> None: ...


@functools.wraps(hook)
def wrapped(**_: object) -> None: ...


@pytest.mark.parametrize(
    "given",
    [
        hook,
        functools.partial(hook, a=1),
        functools.partial(functools.partial(hook)),
        wrapped,
        Hook(),
        Hook().method,
    ],
)
def test_a_hook_is_written_in_its_file(given) -> None:
    assert file_of(given) == __file__


def test_a_hook_that_is_not_written_in_python_has_no_file() -> None:
    assert file_of(print) == "on_version_apply"


def test_the_module_of_a_revision_is_its_script(project) -> None:
    path = project.revision("a1", header="ANSWER = 42")
    tree = RevisionGraph([Revision(id="a1", path=str(path))])
    info = MigrationInfo.of_move(tree.upgrade_path("a1", ())[0], tree)
    assert info.up_revision.module.ANSWER == 42


class TestStatements:
    def test_they_are_all_for_the_transaction(self) -> None:
        both = statement("SELECT 1"), statement("SELECT 2")
        assert hook_statements(both, hook) == both

    @pytest.mark.parametrize(
        ("entry", "message"),
        [(COMMIT_HERE, "commits"), (statement("\n VACUUM t\n-- all"), "runs 'VACUUM t'")],
    )
    def test_others_are_refused(self, entry, message) -> None:
        with pytest.raises(ScriptError, match=message):
            hook_statements([entry], hook)


class TestFailure:
    def test_it_names_the_line(self) -> None:
        def fail(**_: object) -> None:
            raise LookupError("no sink")

        with pytest.raises(LookupError) as caught:
            fail()
        found = hook_failure(fail, "a1", caught.value)
        line = fail.__code__.co_firstlineno + 1
        assert f"failed at {__file__}:{line} after revision a1: LookupError: no sink" in str(found)

    def test_it_names_the_line_of_the_hook_and_not_of_what_that_calls(self) -> None:
        def fail(**_: object) -> None:
            json.loads("{")

        with pytest.raises(ValueError, match="Expecting property name") as caught:
            fail()
        line = fail.__code__.co_firstlineno + 1
        assert f"failed at {__file__}:{line} after" in str(hook_failure(fail, "a1", caught.value))

    def test_without_a_line(self) -> None:
        error = LookupError("no sink")
        assert "failed at on_version_apply after" in str(hook_failure(print, "a1", error))

    def test_an_error_of_ours_stays(self) -> None:
        error = ScriptError("known")
        assert hook_failure(hook, "a1", error) is error
