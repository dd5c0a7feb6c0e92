"""The shape of a history: what is refused, who stands on whom, ends, labels, names."""

import pytest

from asyncmig.errors import AmbiguousRevisionError, HistoryError, RevisionNotFoundError
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.history import History
from asyncmig.revisions.graph.history_faults import cycle_error
from asyncmig.revisions.graph.revision import Revision
from support.revision_shorthand import graph, ids, line, revisions


class TestWhatIsRefused:
    def test_an_id_that_is_used_twice_names_both_files(self):
        twice = [Revision(id="a", path="/v/1.py"), Revision(id="a", path="/v/2.py")]
        with pytest.raises(
            HistoryError, match=r"'a' is defined twice: /v/1.py and /v/2.py"
        ) as caught:
            History(twice)
        assert caught.value.fields()["paths"] == ["/v/1.py", "/v/2.py"]
        assert caught.value.hint

    @pytest.mark.parametrize("name", ["", "a@b", "a-b", "a+b", "a:b"])
    def test_an_id_that_target_expressions_could_not_name(self, name):
        with pytest.raises(HistoryError, match="revision id"):
            History([Revision(id=name)])

    def test_a_label_that_two_revisions_carry(self):
        with pytest.raises(
            HistoryError, match="'left' of revision 'b' is already the name of revision 'a'"
        ):
            graph("a # left; b < a # left")

    def test_a_label_that_one_file_carries_twice(self):
        with pytest.raises(HistoryError, match="branch label"):
            graph("a # left left")

    def test_a_label_that_is_an_id(self):
        with pytest.raises(
            HistoryError, match="'b' of revision 'a' is already the name of revision 'b'"
        ):
            graph("a # b; b < a")

    def test_a_parent_that_is_not_there_names_the_nearest(self):
        with pytest.raises(HistoryError, match="`down_revision` of revision 'b'") as caught:
            graph("ae1027a6acf; b < ae1027a6acg")
        assert caught.value.nearest == ("ae1027a6acf",)
        assert caught.value.hint == "did you mean 'ae1027a6acf'?"
        assert caught.value.missing == "ae1027a6acg"

    def test_a_parent_that_is_like_nothing_says_what_to_do(self):
        with pytest.raises(HistoryError) as caught:
            graph("a; b < zzzzzz")
        assert caught.value.hint == "restore the missing file, or correct `down_revision`"

    def test_a_parent_may_not_be_a_label_or_part_of_an_id(self):
        with pytest.raises(HistoryError):
            graph("abcdef # left; b < left")
        with pytest.raises(HistoryError):
            graph("abcdef; b < abcd")

    def test_a_dependency_that_is_not_there(self):
        with pytest.raises(HistoryError, match="`depends_on` of revision 'b'"):
            graph("a; b < a ~ zzzz")

    def test_a_dependency_that_may_be_several(self):
        with pytest.raises(HistoryError, match=r"'abcd', which may be abcd1, abcd2$") as caught:
            graph("abcd1; abcd2; b ~ abcd")
        assert caught.value.hint == "write the whole id"

    @pytest.mark.parametrize(
        ("history", "around"),
        [
            ("a < a", {"a"}),
            ("a ~ a", {"a"}),
            ("a < b; b < a", {"a", "b"}),
            (
                "a; b < a c; c < b; d < c",
                {"b", "c"},
            ),  # between a base and a head: Alembic walks past
            ("a ~ c; b < a; c < b", {"a", "b", "c"}),
        ],
    )
    def test_a_cycle_is_shown_and_only_the_cycle(self, history, around):
        with pytest.raises(HistoryError, match="cycle") as caught:
            graph(history)
        assert set(caught.value.revisions) == around
        shown = str(caught.value).partition(": ")[2].split(" -> ")
        assert shown[0] == shown[-1]
        assert set(shown) == around

    def test_each_cycle_is_a_fault_of_its_own(self):
        faults = []
        History(revisions("a < b; b < a; c < b d; d < c; e < d"), faults=faults)
        assert [set(fault.error.revisions) for fault in faults] == [{"a", "b"}, {"c", "d"}]

    @pytest.mark.parametrize(
        ("length", "shown"),
        [
            (10, "a -> b -> c -> d -> e -> f -> g -> h -> i -> j -> a"),
            (11, "a -> b -> c -> d -> e -> ... -> h -> i -> j -> k -> a"),
        ],
    )
    def test_a_long_cycle_is_shortened(self, length, shown):
        assert str(cycle_error(list("abcdefghijk"[:length]))).endswith(f"cycle: {shown}")

    def test_a_revision_without_a_file_is_told_so(self):
        with pytest.raises(HistoryError, match="a revision without a file"):
            History([Revision(id="a"), Revision(id="a")])


class TestEdges:
    def test_below_are_parents_then_dependencies(self):
        history = graph("a; b; c; d < b a ~ c")
        assert history.below("d") == ("b", "a", "c")
        assert history.dependencies("d") == ("c",)
        assert history.above["c"] == ["d"]
        assert history.children("a") == ("d",)
        assert history.children("c") == ()

    def test_a_dependency_that_is_a_parent_too_counts_once(self):
        assert graph("a; b < a ~ a").below("b") == ("a",)

    def test_a_dependency_of_the_line_below_is_inherited(self):
        history = graph("x; a ~ x; b < a ~ x; c < b; d < c ~ x")
        assert [history.below(name) for name in "abcd"] == [("x",), ("a",), ("b",), ("c",)]
        assert history.dependencies("d") == ("x",)
        assert history.above["x"] == ["a"]

    @pytest.mark.parametrize(
        ("history", "below"),
        [
            ("x; a ~ x; b < a ~ x", ("a",)),
            ("x; y; a ~ x; b < a ~ x y", ("a", "y")),
            ("x; y; a ~ y; b < a ~ x; c ~ x", ("a", "x")),
        ],
    )
    def test_what_is_inherited_is_told_from_what_is_not(self, history, below):
        assert History(revisions(history)).below("b") == below

    @pytest.mark.timeout(20)
    def test_a_history_of_many_merges_is_walked_once(self):
        tower = "; ".join(
            f"a{n} < m{n - 1}; b{n} < m{n - 1}; m{n} < a{n} b{n}" for n in range(1, 41)
        )
        assert len(History(revisions(f"m0; {tower}")).ancestors(["m40"])) == 121

    def test_only_the_line_is_inherited_from(self):
        # c's line does not pass through a, though it depends on a
        history = graph("x; a ~ x; c ~ a x")
        assert history.below("c") == ("a", "x")

    def test_dependencies_by_label_and_by_first_letters(self):
        history = graph("abcdef # left; b ~ left; c ~ abcd")
        assert history.below("b") == history.below("c") == ("abcdef",)

    def test_reach_by_the_line_or_by_all_edges(self):
        history = graph("x; a; b < a ~ x; c < b")
        assert history.ancestors(["c"]) == {"c", "b", "a", "x"}
        assert history.ancestors(["c"], dependencies=False) == {"c", "b", "a"}
        assert history.descendants(["x"]) == {"x", "b", "c"}
        assert history.descendants(["x"], dependencies=False) == {"x"}
        assert history.lineage("b") == {"a", "b", "c"}
        assert history.lineage("b", dependencies=True) == {"a", "b", "c", "x"}

    def test_rising_puts_everything_after_what_it_stands_on(self):
        assert graph("c < b; b < a ~ x; a; x").rising == ("a", "x", "b", "c")


class TestEnds:
    def test_ends_are_in_the_order_of_the_files(self):
        history = graph("z; y < z; m; n < m; a < z")
        assert history.bases == ("z", "m")
        assert history.heads == ("y", "n", "a")

    def test_a_head_that_something_depends_on_is_no_effective_one(self):
        history = graph("a; b ~ a")
        assert history.heads == ("a", "b")
        assert history.effective_heads == ("b",)
        assert history.bases == ("a", "b")

    def test_an_empty_history(self):
        history = RevisionGraph([])
        assert (history.heads, history.bases, history.effective_heads) == ((), (), ())
        assert len(history) == 0
        assert list(history) == []
        assert history.upgrade_path("heads", ()) == ()


class TestLabels:
    def test_without_labels_there_are_none(self):
        assert graph("a; b < a").labels("b") == ()

    def test_a_label_holds_above_and_down_to_where_the_branch_begins(self):
        history = graph("a; b < a; c < b # left; d < c; x < a")
        assert [history.labels(name) for name in "abcdx"] == [
            (),
            ("left",),
            ("left",),
            ("left",),
            (),
        ]

    def test_it_does_not_reach_down_from_a_branch_that_forks_later(self):
        history = graph("a; b < a # left; c < b; d < b")
        assert [history.labels(name) for name in "abcd"] == [(), ("left",), ("left",), ("left",)]

    def test_nor_past_a_merge(self):
        history = graph("a; b; m < a b # joined; c < m")
        assert [history.labels(name) for name in "abmc"] == [(), (), ("joined",), ("joined",)]

    def test_nor_past_a_revision_that_another_depends_on(self):
        history = graph("a; b < a # left; x ~ a")
        assert [history.labels(name) for name in "ab"] == [(), ("left",)]

    def test_a_merge_has_those_of_all_its_parents(self):
        history = graph("a # left; b # right; m < a b # joined")
        assert history.labels("m") == ("joined", "left", "right")
        assert history.labels("a") == ("left",)

    def test_several_on_one_line_all_reach_down(self):
        history = graph("a; b < a # low; c < b # high up")
        assert set(history.labels("a")) == {"low", "high", "up"}
        assert set(history.labels("c")) == {"low", "high", "up"}


class TestNames:
    history = graph("abcdef # left; abcxyz < abcdef; abc < abcxyz; xy")

    @pytest.mark.parametrize(
        ("name", "found"),
        [("abcdef", "abcdef"), ("left", "abcdef"), ("abcd", "abcdef"), ("abcx", "abcxyz")],
    )
    def test_ids_labels_and_first_letters(self, name, found):
        assert self.history.find(name).id == found

    def test_the_whole_name_wins_over_longer_ones(self):
        assert self.history.find("abc").id == "abc"

    def test_first_letters_of_a_label(self):
        assert self.history.find("lef").id == "abcdef"

    def test_several_that_start_alike(self):
        with pytest.raises(AmbiguousRevisionError, match="abcdef, abcxyz start with it") as caught:
            self.history.find("ab")
        assert caught.value.candidates == ("abcdef", "abcxyz")

    def test_a_choice_among_some(self):
        assert self.history.find("ab", among={"abcxyz"}).id == "abcxyz"

    def test_many_that_start_alike_are_not_all_listed(self):
        with pytest.raises(AmbiguousRevisionError, match="and 4 more"):
            graph("; ".join(f"same{n}" for n in range(9))).find("same")

    @pytest.mark.parametrize("name", ["x", "nothing", ""])
    def test_what_is_not_there(self, name):
        # "xy" is too short to be abbreviated
        with pytest.raises(
            RevisionNotFoundError, match=f"no revision or branch is called '{name}'"
        ) as caught:
            self.history.find(name)
        assert caught.value.revision == name
        assert caught.value.hint

    def test_a_slip_of_the_finger(self):
        with pytest.raises(RevisionNotFoundError) as caught:
            self.history.find("abcedf")
        assert caught.value.nearest[0] == "abcdef"
        assert "did you mean 'abcdef'" in caught.value.hint

    def test_get_wants_the_whole_id(self):
        assert self.history.get("abcdef").id == "abcdef"
        with pytest.raises(RevisionNotFoundError):
            self.history.get("abcd")
        with pytest.raises(RevisionNotFoundError):
            self.history.get("left")

    def test_membership_and_labels(self):
        assert "abcdef" in self.history
        assert "left" not in self.history
        assert self.history.has_label("left")
        assert not self.history.has_label("abcdef")


def test_iteration_is_newest_first():
    history = graph("a; b < a; c < a; d < b c")
    assert ids(history) == ["d", "b", "c", "a"]
    assert len(history) == 4


def test_a_history_deeper_than_python_recurses():
    history = RevisionGraph(line(5_000))
    assert len(history.upgrade_path("head", ())) == 5_000
    assert len(history.downgrade_path("base", ["r4999"])) == 5_000
    assert history.labels("r0") == ()
    assert ids(history.resolve("head-4999")) == ["r0"]


def test_a_cycle_deeper_than_python_recurses():
    with pytest.raises(HistoryError, match="cycle") as caught:
        RevisionGraph([*line(5_000)[1:], Revision(id="r0", down_revisions=("r4999",))])
    assert len(caught.value.revisions) == 5_000
    assert len(str(caught.value)) < 200


def test_shorthand_reads_what_it_says():
    [merge] = [item for item in revisions("a; b; m < a b ~ x # l1 l2") if item.id == "m"]
    assert (merge.down_revisions, merge.depends_on, merge.branch_labels) == (
        ("a", "b"),
        ("x",),
        ("l1", "l2"),
    )
