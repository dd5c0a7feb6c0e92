"""The order of a run: every revision after what it stands on, and quickly so."""

from time import process_time

from revision_shorthand import graph, ids, line

from asyncmig.revisions.graph import RevisionGraph
from asyncmig.revisions.order import newest_first
from asyncmig.revisions.revision import Revision


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


def test_wide_and_knotted_histories_grow_no_faster_than_their_size():
    # Not a matter of milliseconds: twice the history may not take anything like four times as long.
    for shape in (star, comb, ladder):
        small, large = shape(1500), shape(6000)
        assert is_valid(small)
        times = []
        for tree in (small, large):
            begin = process_time()
            assert len(list(tree)) == len(tree)
            times.append(process_time() - begin)
        assert times[1] < max(times[0], 0.02) * 12, (shape.__name__, times)
