"""Revisions as commands tell them."""

from asyncmig.revisions.graph.describe import (
    describe_all,
    describe_branch_points,
    describe_heads,
    describe_history,
    describe_target,
)
from support.revision_shorthand import graph

TREE = graph("a; b < a # left; c < a; m < b c ~ x; x")


def test_a_merge_and_head():
    (told,) = describe_target(TREE, "m")
    assert told.revision == "m"
    assert told.down_revisions == ("b", "c")
    assert told.depends_on == ("x",)
    assert told.branch_labels == ("left",)
    assert told.path == "/versions/m.py"
    assert (told.is_head, told.is_effective_head, told.is_merge) == (True, True, True)
    assert (told.is_base, told.is_branch_point, told.is_current) == (False, False, None)


def test_a_head_that_something_depends_on():
    (told,) = describe_all(TREE, [TREE.get("x")], current=["x"])
    assert (told.is_head, told.is_effective_head, told.is_base) == (True, False, True)
    assert told.is_current is True
    (other,) = describe_all(TREE, [TREE.get("a")], current=["x"])
    assert other.is_current is False


def test_several_keep_their_order():
    assert [told.revision for told in describe_all(TREE, map(TREE.get, "cab"))] == ["c", "a", "b"]


def test_branch_points():
    [point] = describe_branch_points(TREE)
    assert point.revision.revision == "a"
    assert [child.revision for child in point.children] == ["b", "c"]
    children = describe_all(TREE, map(TREE.get, "abm"))
    assert [told.is_branch_point for told in children] == [True, False, False]


def test_heads_are_sorted_and_may_leave_out_dependencies():
    assert [told.revision for told in describe_heads(TREE)] == ["m", "x"]
    assert [told.revision for told in describe_heads(TREE, resolve_dependencies=True)] == ["m"]


def test_history_of_a_range_and_of_all():
    assert next(told.revision for told in describe_history(TREE)) == "m"
    assert len(describe_history(TREE)) == 5
    found = describe_history(TREE, "current:b", current=["a"], indicate_current=True)
    assert [(told.revision, told.is_current) for told in found] == [("b", False), ("a", True)]
    assert describe_history(TREE, "a:b", current=["a"])[0].is_current is None
    assert [told.revision for told in describe_history(TREE, "current:b")] == ["b", "a"]
