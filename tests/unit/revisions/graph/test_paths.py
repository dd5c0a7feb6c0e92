"""Upgrade, downgrade and stamp: which revisions, in which order, and the rows after each."""

import pytest

from asyncmig.errors import TargetError
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.history import History
from asyncmig.revisions.graph.moves import Move, RowChange, moves_down, stamp_moves
from support.revision_shorthand import graph, ids, line, revisions


def rows_after(tree, moves, rows=()):
    """The rows after each move, for comparing at a glance."""
    seen = []
    for move in moves:
        rows = tree.advance(rows, move)
        seen.append((move.revision.id, " ".join(sorted(rows))))
    return seen


class TestUpgrade:
    def test_a_line(self):
        tree = graph("a; b < a; c < b")
        moves = tree.upgrade_path("head", ["a"])
        assert [(m.revision.id, m.remove, m.add, m.upgrade) for m in moves] == [
            ("b", ("a",), ("b",), True),
            ("c", ("b",), ("c",), True),
        ]

    def test_branches_and_a_merge(self):
        tree = graph("a; b < a; c < a; d < b c")
        assert rows_after(tree, tree.upgrade_path("head", ())) == [
            ("a", "a"),
            ("c", "c"),
            ("b", "b c"),
            ("d", "d"),
        ]

    def test_a_row_is_removed_once(self):
        tree = graph("a; b < a; c < a")
        moves = tree.upgrade_path("heads", ["a"])
        assert [m.remove for m in moves] == [("a",), ()]

    def test_a_dependency_takes_the_row_of_what_it_depends_on(self):
        tree = graph("a; x; y < x ~ a")
        assert rows_after(tree, tree.upgrade_path("y", ["a"]), ["a"]) == [("x", "a x"), ("y", "y")]

    def test_a_row_that_is_needed_no_more_is_not_touched(self):
        # b's row stays while c, a sibling, is inserted
        tree = graph("a; b < a; c < a")
        [move] = tree.upgrade_path("c", ["b"])
        assert (move.remove, move.add) == ((), ("c",))

    def test_at_the_target_there_is_nothing_to_do(self):
        tree = graph("a; b < a; x")
        assert tree.upgrade_path("heads", ["x", "b"]) == ()
        assert tree.upgrade_path("a", ["b"]) == ()

    def test_at_its_own_rows_there_is_nothing_to_do_whatever_they_are(self):
        assert graph("a; b < a").upgrade_path("current", ["a", "b"]) == ()

    def test_rows_may_be_given_by_their_first_letters(self):
        tree = graph("abcdef; ghijkl < abcdef")
        [move] = tree.upgrade_path("head", ["abcd"])
        assert move.remove == ("abcdef",)

    def test_targets_on_each_other_are_refused(self):
        tree = graph("a # left; b < a ~ x; x < a")
        with pytest.raises(
            TargetError, match="'left@heads' names revisions of which one is below another: b, x"
        ) as c:
            tree.upgrade_path("left@heads", ())
        assert c.value.overlapping == ("b", "x")
        assert c.value.hint == "name only b, which includes the others"

    def test_rows_on_each_other_are_refused_with_the_cure(self):
        tree = graph("a; b < a; c < b; x")
        with pytest.raises(
            TargetError, match="the version table has a superfluous row: a is below"
        ) as caught:
            tree.upgrade_path("heads", ["a", "b", "x"])
        assert "`asyncmig stamp --purge b x`" in caught.value.hint
        assert caught.value.overlapping == ("a", "b", "x")

    def test_a_row_below_another_row_that_no_upgrade_removes(self):
        tree = graph("a; b < a; c < a")
        with pytest.raises(TargetError, match="has a superfluous row: a is below"):
            tree.upgrade_path("c", ["a", "b"])

    def test_but_not_those_that_a_downgrade_leaves(self):
        tree = graph("a; b < a; m < b ~ a; x")
        [down] = tree.downgrade_path("m-1", ["m", "x"])
        assert down.add == ("b", "a")
        [up] = tree.upgrade_path("heads", tree.advance(["m", "x"], down))
        assert tree.advance(["a", "b", "x"], up) == {"m", "x"}

    def test_five_branches_of_a_base_in_the_order_of_their_files(self):
        tree = graph("base; e < base; d < base; c < base; b < base; a < base")
        assert ids(tree.upgrade_path("heads", ())) == ["base", "a", "b", "c", "d", "e"]


class TestDowngrade:
    def test_a_line(self):
        tree = graph("a; b < a; c < b")
        moves = tree.downgrade_path("a", ["c"])
        assert [(m.revision.id, m.remove, m.add, m.upgrade) for m in moves] == [
            ("c", ("c",), ("b",), False),
            ("b", ("b",), ("a",), False),
        ]

    def test_a_merge_is_taken_apart(self):
        tree = graph("a; b < a; c < a; d < b c")
        assert rows_after(tree, tree.downgrade_path("base", ["d"]), ["d"]) == [
            ("d", "b c"),
            ("b", "c"),
            ("c", "a"),
            ("a", ""),
        ]

    def test_a_row_that_another_branch_stands_on_does_not_come_back(self):
        tree = graph("a; b < a; c < a")
        [move] = tree.downgrade_path("b-1", ["b", "c"])[:1]
        assert (move.remove, move.add) == (("b",), ())

    def test_what_depends_on_it_goes_first(self):
        tree = graph("a; b < a; x; y < x ~ b")
        assert rows_after(tree, tree.downgrade_path("a", ["y"]), ["y"]) == [
            ("y", "b x"),
            ("b", "a x"),
        ]

    def test_a_lower_revision_of_two_is_left_out_when_nothing_else_is_there(self):
        tree = graph("a; b < a; m < b ~ a")
        [move] = tree.downgrade_path("m-1", ["m"])
        assert move.add == ("b",)

    def test_a_dependency_under_another_row_does_not_come_back(self):
        tree = graph("x; y < x; z < y; a; b < a ~ x; c < b ~ y")
        assert rows_after(tree, tree.downgrade_path("a", ["c", "z"]), ["c", "z"]) == [
            ("c", "b z"),
            ("b", "a z"),
        ]

    def test_two_that_become_rows_though_one_is_below_the_other(self):
        # as Alembic leaves it: with a third row there, only rows count
        tree = graph("c; x < c; y < c; a < x y; m < a ~ c; z")
        [move] = tree.downgrade_path("m-1", ["m", "z"])
        assert move.add == ("a", "c")

    def test_a_row_that_is_there_already_does_not_come_again(self):
        tree = graph("a; b < a")
        [move] = tree.downgrade_path("b-1", ["a", "b"])
        assert (move.remove, move.add) == (("b",), ())

    def test_a_branch_that_ends_below_the_target(self):
        tree = graph("a # low; b < a; c < b; d < b")
        with pytest.raises(TargetError, match="branch 'low' does not contain it"):
            tree.downgrade_path("low@b", ["c", "d"])

    def test_long_lines_that_depend_on_each_other(self):
        # each step asks whether its dependency is still under a row; the answers are remembered
        tree = RevisionGraph(
            [
                *line(400, prefix="x"),
                *(
                    revision
                    if not n
                    else type(revision)(
                        id=revision.id,
                        down_revisions=revision.down_revisions,
                        depends_on=(f"x{n}",),
                    )
                    for n, revision in enumerate(line(400, prefix="y"))
                ),
            ]
        )
        rows = frozenset(["y399"])
        for move in tree.downgrade_path("y0", rows):
            rows = tree.advance(rows, move)
        assert rows == {"y0", "x399"}


class TestRowsOfADowngrade:
    TREE = "y; q < y; x < q; m < x y; t; u < t"

    def test_a_row_that_came_back_before_counts_as_another_row(self):
        tree = graph(self.TREE)
        moves = moves_down(History(revisions(self.TREE)), ["u", "m"], ["m", "u"])
        assert rows_after(tree, moves, ["m", "u"]) == [("u", "m t"), ("m", "t x y")]

    @pytest.mark.timeout(20)
    def test_many_merges_between_two_of_them_are_walked_once(self):
        tower = "; ".join(
            f"a{n} < m{n - 1}; b{n} < m{n - 1}; m{n} < a{n} b{n}" for n in range(1, 41)
        )
        history = History(revisions(f"m0; {tower}; top < m40 m0; t; u < t"))
        (move,) = moves_down(history, ["top"], ["top", "u"])
        assert move.add == ("m40", "m0")


class TestStamp:
    tree = graph("a; b < a # left; c < b; x < a # right; y < x; lone")

    @pytest.mark.parametrize(
        ("targets", "rows", "after"),
        [
            (["heads"], [], {"c", "y", "lone"}),
            (["b"], ["c"], {"b"}),
            (["c"], ["a"], {"c"}),
            (["a"], ["c", "y", "lone"], {"a", "lone"}),
            (["b"], ["lone"], {"b", "lone"}),
            (["b"], ["b"], {"b"}),
            (["b", "x"], [], {"b", "x"}),
            (["b", "x"], ["c", "y"], {"b", "x"}),
            (["base"], ["c", "y"], set()),
            (["left@base"], ["c", "y"], {"y"}),
            (["left@base"], ["lone"], {"lone"}),
            (["left@head"], ["b", "x"], {"c", "x"}),
            (["heads"], ["c", "x"], {"c", "y", "lone"}),
            (["lone", "lone"], [], {"lone"}),
            ([], ["c"], {"c"}),
            (["+1"], ["b"], {"c"}),
        ],
    )
    def test_rows_after(self, targets, rows, after):
        change = self.tree.stamp_path(targets, rows)
        assert change.apply(rows) == after
        # step by step it comes to the same
        for move in stamp_moves(self.tree, change):
            rows = move.apply(rows)
        assert set(rows) == after

    def test_a_revision_replaces_the_row_that_it_only_depends_on(self):
        change = graph("x; b ~ x").stamp_path(["b"], ["x"])
        assert (change.remove, change.add) == (("x",), ("b",))

    def test_a_row_of_a_file_that_is_gone_is_removed_last(self):
        moves = stamp_moves(self.tree, RowChange(remove=("gone", "lone", "b"), add=("c",)))
        assert [(m.remove, m.add, m.upgrade) for m in moves] == [
            (("b",), ("c",), True),
            (("lone",), (), False),
            (("gone",), (), False),
        ]

    @pytest.mark.parametrize(
        ("remove", "add", "upgrade"),
        [(("b",), "c", True), (("c",), "b", False), ((), "b", True), (("c", "y"), "a", False)],
    )
    def test_whether_a_step_goes_up(self, remove, add, upgrade):
        (move,) = stamp_moves(self.tree, RowChange(remove=remove, add=(add,)))
        assert (move.upgrade, move.remove) == (upgrade, remove)

    def test_what_goes_and_what_comes(self):
        assert self.tree.stamp_path(["c"], ["a"]) == RowChange(remove=("a",), add=("c",))

    def test_nothing_to_do_is_false(self):
        assert not self.tree.stamp_path(["c"], ["c"])
        assert self.tree.stamp_path(["c"], [])

    def test_targets_on_each_other_are_refused(self):
        with pytest.raises(
            TargetError, match="'a c' names revisions of which one is below another"
        ):
            self.tree.stamp_path(["a", "c"], [])


def test_advance_takes_any_move():
    tree = graph("a; b < a")
    move = Move(revision=tree.get("b"), upgrade=True, remove=("a",), add=("b",))
    assert tree.advance(["a", "x"], move) == {"b", "x"}
