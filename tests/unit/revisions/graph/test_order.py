"""The order of a run: every revision after what it stands on, and quickly so."""

import pytest

from asyncmig.revisions.graph import order
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.order import newest_first
from asyncmig.revisions.graph.revision import Revision
from support.revision_shorthand import graph, ids, line


def test_the_first_branch_is_followed_down_before_the_next():
    tree = graph("a; b1 < a; b2 < b1; c1 < a; c2 < c1; d < b2 c2")
    assert ids(tree) == ["d", "b2", "b1", "c2", "c1", "a"]


def test_branches_of_a_branch_come_after_the_others():
    # the lanes of a later merge open at the end of the row
    tree = graph("o; c < o; d < o; b < o; a < c d; m < a b")
    assert ids(tree) == ["m", "a", "c", "b", "d", "o"]


def test_the_order_of_files_decides_between_heads():
    assert ids(graph("a; z < a; m < a; b < a")) == ["z", "m", "b", "a"]


def test_a_revision_waits_for_all_above_it():
    tree = graph("a; b < a; c < b; d < a c")
    assert ids(tree) == ["d", "c", "b", "a"]


def test_a_lane_that_opens_when_the_last_one_has_ended():
    assert ids(graph("b; e < c; a; d < c; c < a b")) == ["e", "d", "c", "a", "b"]


def test_the_first_lane_above_comes_before_lanes_that_have_nothing_to_do_with_it():
    tree = graph("n; r < n; b; e < r; f < b; g < r n; h < r")
    assert ids(tree) == ["e", "g", "h", "r", "f", "b", "n"]


def test_a_part_of_the_history():
    tree = graph("a; b < a; c < b; x < a; y < c x")
    assert newest_first(tree, {"b", "c"}, ["c"]) == ["c", "b"]
    assert newest_first(tree, set(), ["y"]) == []
    assert newest_first(tree, {"b", "x"}, ["y"]) == ["b", "x"]


def test_what_no_head_leads_to_comes_too():
    # c and e hang together only by way of d, which is not asked for
    tree = graph("a; c < a; d ~ c; e < a ~ d")
    assert sorted(newest_first(tree, {"a", "c", "e"}, ["e"])) == ["a", "c", "e"]


def star(branches: int) -> RevisionGraph:
    base = Revision(id="base")
    return RevisionGraph(
        [base, *(Revision(id=f"b{n:05}", down_revisions=("base",)) for n in range(branches))]
    )


def comb(teeth: int) -> RevisionGraph:
    back = line(teeth)
    heads = [Revision(id=f"t{n:05}", down_revisions=(f"r{n}",)) for n in range(teeth)]
    return RevisionGraph([*heads, *back])


def ladder(rungs: int) -> RevisionGraph:
    found: list[Revision] = []
    for n in range(rungs):
        for side, other in ("ab", "ba"):
            found.append(
                Revision(
                    id=f"{side}{n}",
                    down_revisions=(f"{side}{n - 1}",) if n else (),
                    depends_on=(f"{other}{n - 1}",) if n else (),
                )
            )
    return RevisionGraph(found)


def is_valid(tree: RevisionGraph) -> bool:
    place = {revision.id: n for n, revision in enumerate(tree)}
    return all(place[name] < place[lower] for name in place for lower in tree.below(name)) and len(
        place
    ) == len(tree)


@pytest.mark.parametrize("shape", [star, comb, ladder])
def test_the_work_grows_as_the_history_does(shape, monkeypatch):
    work = 0

    def counted(function):
        def count(*args):
            nonlocal work
            work += 1
            return function(*args)

        return count

    for name in ("heappop", "heapreplace"):
        monkeypatch.setattr(order, name, counted(getattr(order, name)))
    monkeypatch.setattr(order._Lanes, "_bounds_of", counted(order._Lanes._bounds_of))
    tree = shape(1000)
    assert is_valid(tree)
    edges = sum(len(tree.below(revision.id)) for revision in tree)
    assert work <= 6 * (len(tree) + edges)
