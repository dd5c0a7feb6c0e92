"""asyncmig.revisions.graph.alembic_script: revisions by Alembic's names."""

from __future__ import annotations

from types import ModuleType

import pytest

from asyncmig.errors import TargetError
from asyncmig.revisions.graph.alembic_script import AlembicRevision, AlembicScript
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision
from support.revision_shorthand import revisions

# a - b (left) - m       x
#  \ c ------ /   \ n depends on x
TREE = revisions("a; b < a # left; c < a; m < b c; x; n < m ~ x")
TREE[0] = Revision(id="a", path="/versions/a.py", doc="First.\n\nMore of it.")
GRAPH = RevisionGraph(TREE)


def script(name: str, **options) -> AlembicScript:
    revision = GRAPH.get(name)
    return AlembicScript(revision, options.get("history", GRAPH), lambda _: ModuleType(name))


class TestRevision:
    def test_names_are_one_several_or_none(self) -> None:
        alone = AlembicRevision("a", None)
        assert (alone.down_revision, alone.dependencies, alone.branch_labels) == (None, None, set())
        one = AlembicRevision("b", "a", ["x"], "left")
        assert (one.down_revision, one.dependencies, one.branch_labels) == ("a", "x", {"left"})
        many = AlembicRevision("m", ("b", "c"), ("x", "y"), ("l", "r"))
        assert (many.down_revision, many.dependencies) == (("b", "c"), ("x", "y"))
        assert many.branch_labels == many._orig_branch_labels == {"l", "r"}

    def test_its_text_has_what_was_given(self) -> None:
        assert repr(AlembicRevision("a", None)) == "Revision('a', None)"
        assert repr(script("c")) == "Script('c', 'a')"

    def test_what_follows_it_without_a_history(self) -> None:
        base = AlembicRevision("a", None)
        assert base.is_head
        assert base._is_real_head
        base.add_nextrev(AlembicRevision("n", "m", dependencies="a"))
        assert (base.is_head, base._is_real_head) == (True, False)
        base.add_nextrev(AlembicRevision("b", "a"))
        assert (base.nextrev, base._all_nextrev) == ({"b"}, {"b", "n"})
        assert not script("b")._is_real_branch_point
        assert (base.is_branch_point, base._is_real_branch_point) == (False, True)

    def test_what_is_below_it(self) -> None:
        assert AlembicRevision("a", None)._is_real_base
        needs = AlembicRevision("b", None, "x")
        assert (needs.is_base, needs._is_real_base) == (True, False)
        merge = AlembicRevision("m", ("b", "c"))
        assert merge.is_merge_point
        assert not merge.is_base
        assert merge._normalized_down_revisions == ("b", "c")
        assert not AlembicRevision("b", "a").is_merge_point

    @pytest.mark.parametrize("name", ["a@b", "a-b", "a+1", "a:b"])
    def test_an_id_that_a_target_could_not_name(self, name) -> None:
        with pytest.raises(TargetError, match="not allowed in revision identifier"):
            AlembicRevision.verify_rev_id(name)
        AlembicRevision.verify_rev_id("ab_1")


class TestPlace:
    def test_of_a_history(self) -> None:
        a, m, n = script("a"), script("m"), script("n")
        assert (a.nextrev, a.is_branch_point, a.is_base) == ({"b", "c"}, True, True)
        assert (m.nextrev, m.is_merge_point, m.branch_labels) == ({"n"}, True, {"left"})
        assert (n.is_head, n._all_down_revisions) == (True, ("m", "x"))
        assert n._normalized_down_revisions == ("m", "x")
        x = script("x")
        assert (x.is_head, x._is_real_head) == (True, False)

    def test_without_a_history(self) -> None:
        assert script("a", history=None).nextrev == set()


class TestScript:
    def test_its_module_is_imported_once(self) -> None:
        made = []

        def load(revision: Revision) -> ModuleType:
            made.append(revision.id)
            return ModuleType(revision.id)

        own = AlembicScript(GRAPH.get("b"), GRAPH, load)
        assert made == []
        assert own.module is own.module
        assert made == ["b"]
        assert own.path == "/versions/b.py"

    def test_its_docstring(self) -> None:
        assert (script("a").doc, script("a").longdoc) == ("First.", "First.\n\nMore of it.")
        assert script("b").doc == ""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a", "<base> -> a (branchpoint), First."),
            ("b", "a -> b, "),
            ("m", "b, c -> m (mergepoint), "),
            ("n", "m -> n (head), "),
        ],
    )
    def test_on_one_line(self, name, text) -> None:
        assert str(script(name)) == text

    def test_in_full(self) -> None:
        assert script("a").log_entry == (
            "Rev: a (branchpoint)\nParent: <base>\nBranches into: "
            + ", ".join(script("a").nextrev)
            + "\nPath: /versions/a.py\n\n    First.\n    \n    More of it.\n"
        )
        lines = script("n").log_entry.splitlines()
        assert lines[:3] == ["Rev: n (head)", "Parent: m", "Also depends on: x"]
        assert "Merges: b, c" in script("m").log_entry.splitlines()
        assert "Branch names: left" in script("b").log_entry.splitlines()
        assert script("m").cmd_format(verbose=True) == script("m").log_entry

    def test_a_revision_that_a_database_is_at(self) -> None:
        own = script("n")
        own._db_current_indicator = True
        assert own.log_entry.startswith("Rev: n (head) (current)\n")
        assert own.cmd_format(verbose=False) == "n (head) (current)"

    @pytest.mark.parametrize(
        ("name", "options", "text"),
        [
            ("a", {}, "a (branchpoint)"),
            ("a", {"tree_indicators": False}, "a"),
            ("a", {"include_doc": True}, "a (branchpoint), First."),
            ("x", {}, "x (effective head)"),
            ("b", {"include_branches": True}, "b (left)"),
            ("c", {"include_branches": True}, "c"),
            ("n", {"include_parents": True}, "m (x) -> n (head)"),
            ("m", {"include_parents": True}, "b, c -> m (mergepoint)"),
        ],
    )
    def test_as_commands_print_it(self, name, options, text) -> None:
        assert script(name).cmd_format(verbose=False, **options) == text

    def test_without_marks(self) -> None:
        assert script("n")._head_only(tree_indicators=False, head_indicators=False) == "n"
        assert script("n")._head_only(tree_indicators=False) == "n (head)"
        assert script("a")._head_only() == "a (branchpoint)"


def test_the_text_of_a_revision_has_its_labels() -> None:
    labelled = AlembicRevision("b", "a", None, "left")
    assert repr(labelled) == "Revision('b', 'a', branch_labels={'left'})"


def test_the_text_of_a_revision_has_its_dependencies() -> None:
    found = AlembicRevision("b", "a", "x")
    assert repr(found) == "Revision('b', 'a', dependencies='x')"


def test_only_a_branch_point_lists_its_branches() -> None:
    assert "Branches into: " in script("a").log_entry
    assert "Branches into: " not in script("c").log_entry


def test_parents_are_shown_if_they_are_asked_for() -> None:
    assert "->" not in script("b").cmd_format(verbose=False)
    assert "a -> b" in script("b").cmd_format(verbose=False, include_parents=True)
