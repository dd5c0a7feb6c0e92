"""Revisions as commands tell them."""

from asyncmig.revisions.graph.describe import branch_points, describe, describe_all
from support.revision_shorthand import graph

TREE = graph("a; b < a # left; c < a; m < b c ~ x; x")


def test_a_merge_and_head():
    told = describe(TREE, TREE.get("m"))
    assert told.revision == "m"
    assert told.down_revisions == ("b", "c")
    assert told.depends_on == ("x",)
    assert told.branch_labels == ("left",)
    assert told.path == "/versions/m.py"
    assert (told.is_head, told.is_effective_head, told.is_merge) == (True, True, True)
    assert (told.is_base, told.is_branch_point, told.is_current) == (False, False, None)


def test_a_head_that_something_depends_on():
    told = describe(TREE, TREE.get("x"), current=["x"])
    assert (told.is_head, told.is_effective_head, told.is_base) == (True, False, True)
    assert told.is_current is True
    assert describe(TREE, TREE.get("a"), current=["x"]).is_current is False


def test_several_keep_their_order():
    assert [told.revision for told in describe_all(TREE, map(TREE.get, "cab"))] == ["c", "a", "b"]


def test_branch_points():
    [point] = branch_points(TREE)
    assert point.revision.revision == "a"
    assert [child.revision for child in point.children] == ["b", "c"]
