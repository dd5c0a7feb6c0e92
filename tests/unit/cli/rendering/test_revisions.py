"""Revisions in the words that people know."""

from asyncmig.results import BranchPoint, RevisionInfo
from asyncmig_cli.rendering.revisions import (
    branch_lines,
    detail_lines,
    graph_lines,
    head_lines,
    history_lines,
)
from support.streams import memory_stream

PLAIN = memory_stream()

BASE = RevisionInfo(
    revision="a1",
    children=("b1", "b2"),
    message="first",
    doc="first\n\nCreates users.",
    path="/p/a1.py",
    is_base=True,
    is_branch_point=True,
)
LEFT = RevisionInfo(
    revision="b1",
    down_revisions=("a1",),
    children=("c1",),
    branch_labels=("cart", "shop"),
    message="left",
    path="/p/b1.py",
)
RIGHT = RevisionInfo(
    revision="b2",
    down_revisions=("a1",),
    children=("c1",),
    depends_on=("x9",),
    message="right",
    path="/p/b2.py",
)
TOP = RevisionInfo(
    revision="c1",
    down_revisions=("b1", "b2"),
    message="both",
    path="/p/c1.py",
    is_head=True,
    is_effective_head=True,
    is_merge=True,
    is_current=True,
)


def test_history_names_parents_labels_and_marks() -> None:
    assert list(history_lines([TOP, RIGHT, LEFT, BASE], PLAIN)) == [
        "b1, b2 -> c1 (head) (current) (mergepoint), both",
        "a1 (x9) -> b2, right",
        "a1 -> b1 (cart, shop), left",
        "<base> -> a1 (branchpoint), first",
    ]


def test_a_head_that_another_branch_needs_is_only_an_effective_one() -> None:
    head = RevisionInfo(revision="b1", is_head=True, is_effective_head=False)
    assert list(head_lines([head], PLAIN)) == ["b1 (effective head)"]


def test_heads_have_labels_and_current_rows_have_none() -> None:
    assert list(head_lines([LEFT], PLAIN)) == ["b1 (cart, shop)"]
    assert list(head_lines([LEFT], PLAIN, labels=False)) == ["b1"]


def test_details_of_a_merge_and_of_a_base() -> None:
    assert list(detail_lines(TOP, PLAIN))[:3] == [
        "Rev: c1 (head) (current) (mergepoint)",
        "Merges: b1, b2",
        "Path: /p/c1.py",
    ]
    assert list(detail_lines(BASE, PLAIN)) == [
        "Rev: a1 (branchpoint)",
        "Parent: <base>",
        "Branches into: b1, b2",
        "Path: /p/a1.py",
        "",
        "    first",
        "",
        "    Creates users.",
    ]


def test_details_of_dependencies_and_labels() -> None:
    assert "Also depends on: x9" in list(detail_lines(RIGHT, PLAIN))
    assert "Branch names: cart, shop" in list(detail_lines(LEFT, PLAIN))


def test_a_branch_point_shows_where_it_goes() -> None:
    point = BranchPoint(revision=BASE, children=(LEFT, RIGHT))
    assert list(branch_lines([point], PLAIN)) == [
        "a1 (branchpoint)",
        "   -> b1 (cart, shop)",
        "   -> b2",
        "",
    ]
    assert "   -> b2, right" in list(branch_lines([point], PLAIN, verbose=True))


def test_the_graph_has_its_texts_beside_it() -> None:
    assert list(graph_lines([TOP, RIGHT, LEFT, BASE], PLAIN)) == [
        "* c1 (head) (current) (mergepoint) both",
        "|\\",
        "| * b2 (depends on x9) right",
        "* | b1 (cart, shop) left",
        "|/",
        "* a1 (branchpoint) first",
    ]


def test_the_text_of_a_verbose_graph_stands_in_one_column() -> None:
    lines = list(graph_lines([TOP, RIGHT, LEFT, BASE], PLAIN, verbose=True))
    assert lines[0].startswith("*   c1 (head)")
    assert lines[1].startswith("|\\  /p/c1.py")
    assert lines[-2].strip() == "Creates users."


def test_colours_leave_the_picture_as_it_is() -> None:
    import re

    colored = list(graph_lines([TOP, RIGHT, LEFT, BASE], memory_stream(color=True)))
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in colored]
    assert plain == list(graph_lines([TOP, RIGHT, LEFT, BASE], PLAIN))
    assert "\x1b[31m*\x1b[0m" in colored[0]
