"""Target expressions: what each word means, and what the errors say to do next."""

import pytest

from asyncmig.errors import (
    AmbiguousRevisionError,
    MultipleHeadsError,
    RevisionNotFoundError,
    TargetError,
)
from asyncmig.revisions.graph.target_expression import Expression
from support.revision_shorthand import graph, ids

# base1 - a2 - a3 (left)       lone (other)
#            \ b3 - b4 (right)
TREE = graph(
    "base1; aaaa2 < base1; aaaa3 < aaaa2 # left; bbbb3 < aaaa2; bbbb4 < bbbb3 # right; lone # other"
)


class TestResolve:
    @pytest.mark.parametrize(
        ("expression", "found"),
        [
            ("aaaa3", ["aaaa3"]),
            ("bbbb4", ["bbbb4"]),
            ("lon", ["lone"]),
            ("left", ["aaaa3"]),
            ("base", []),
            ("heads", ["aaaa3", "bbbb4", "lone"]),
            ("left@head", ["aaaa3"]),
            ("left@heads", ["aaaa3"]),
            ("right@head", ["bbbb4"]),
            ("base1@heads", ["aaaa3", "bbbb4"]),
            ("left@base", []),
            ("right@-1", ["bbbb3"]),
            ("right@-3", ["base1"]),
            ("right@-4", []),
            ("aaaa2@-2", ["base1", "aaaa2"]),
            ("bbbb4-1", ["bbbb3"]),
            ("bbbb4-4", []),
            ("bbbb3+1", ["bbbb4"]),
            ("left@base1+2", ["aaaa3"]),
            ("right@head-1", ["bbbb3"]),
            ("right@base+2", ["aaaa2"]),
            (" lone ", ["lone"]),
        ],
    )
    def test_without_a_database(self, expression, found):
        assert ids(TREE.resolve(expression)) == found

    def test_a_partial_id_of_several(self):
        with pytest.raises(AmbiguousRevisionError, match="bbbb3, bbbb4 start with it"):
            TREE.resolve("right@bbbb")

    @pytest.mark.parametrize(
        ("expression", "rows", "found"),
        [
            ("current", ["aaaa3", "lone"], ["aaaa3", "lone"]),
            ("left@current", ["aaaa3", "lone"], ["aaaa3"]),
            ("current-1", ["bbbb4"], ["bbbb3"]),
            ("current+1", ["bbbb3"], ["bbbb4"]),
            ("+1", ["bbbb3"], ["bbbb4"]),
            ("right@+1", ["aaaa2"], ["bbbb3"]),
            ("current", [], []),
            ("other@+1", [], ["lone"]),
        ],
    )
    def test_with_one(self, expression, rows, found):
        assert ids(TREE.resolve(expression, current=rows)) == found

    def test_an_effective_head_is_one_that_nothing_depends_on(self):
        dependent = graph("a; b ~ a")
        assert ids(dependent.resolve("heads")) == ["b"]
        assert ids(dependent.resolve("a@heads")) == ["a"]
        with pytest.raises(MultipleHeadsError):
            dependent.resolve("head")

    def test_heads_below_which_the_same_revision_lies_name_it_once(self):
        assert ids(graph("a; b < a; c < a").resolve("-1")) == ["a"]

    def test_a_partial_id_is_sought_on_the_branch_only(self):
        tree = graph("samex # left; samey # right; top < samex")
        assert ids(tree.resolve("left@same")) == ["samex"]
        assert ids(tree.resolve("right@same")) == ["samey"]

    def test_a_label_may_look_like_steps(self):
        tree = graph("a # release-2; b < a")
        assert ids(tree.resolve("release-2")) == ["a"]
        assert ids(tree.resolve("release-2@head")) == ["b"]

    def test_several_heads(self):
        with pytest.raises(MultipleHeadsError, match="3 heads, aaaa3, bbbb4, lone") as caught:
            TREE.resolve("head")
        assert caught.value.heads == ("aaaa3", "bbbb4", "lone")
        assert "`left@head`" in caught.value.hint
        assert "`heads`" in caught.value.hint
        assert "asyncmig merge heads" in caught.value.hint

    def test_who_said_heads_is_not_told_to_say_it(self):
        with pytest.raises(MultipleHeadsError) as caught:
            TREE.downgrade_path("heads", current=("aaaa3",))
        assert "`heads`" not in caught.value.hint

    def test_several_heads_on_a_branch_are_named_themselves(self):
        with pytest.raises(MultipleHeadsError) as caught:
            TREE.resolve("base1@head")
        assert "`aaaa3`" in caught.value.hint

    def test_no_such_branch(self):
        with pytest.raises(RevisionNotFoundError, match="no branch is called 'lefd'") as caught:
            TREE.resolve("lefd@head")
        assert caught.value.nearest == ("left",)

    def test_not_on_the_branch(self):
        with pytest.raises(TargetError, match="'lone' is not on branch 'left'") as caught:
            TREE.resolve("left@lone")
        assert "history -r left@base:left@head" in caught.value.hint

    @pytest.mark.parametrize("expression", ["", "  ", "@head", "left@", "@"])
    def test_what_is_no_expression(self, expression):
        with pytest.raises(TargetError, match="is not a target"):
            TREE.resolve(expression)

    @pytest.mark.parametrize("expression", ["a:b", "base:+1", ":head"])
    def test_a_range_where_one_target_is_wanted(self, expression):
        with pytest.raises(TargetError, match="is a range") as caught:
            TREE.resolve(expression)
        assert "--sql" in caught.value.hint

    @pytest.mark.parametrize("expression", ["right@-5", "bbbb4-6", "bbbb4+1", "base-1"])
    def test_past_the_end(self, expression):
        with pytest.raises(TargetError, match="is beyond the end"):
            TREE.resolve(expression)

    @pytest.mark.parametrize(
        ("expression", "reason"),
        [
            ("base-1", "no revision is below the base"),
            ("bbbb4+1", "no revision is above"),
            ("bbbb3+2", "it has only 1 of the 2 steps"),
        ],
    )
    def test_why_it_is_past_the_end(self, expression, reason):
        with pytest.raises(TargetError) as caught:
            TREE.resolve(expression)
        assert str(caught.value).endswith(f"history: {reason}")

    def test_no_steps_on_a_branch_are_its_head(self):
        assert ids(TREE.resolve("right@-0", current=["aaaa3"])) == ["bbbb4"]

    def test_no_steps_from_several_rows_are_the_rows(self):
        rows = ["bbbb3", "aaaa3"]
        assert ids(TREE.resolve("current+0", current=rows)) == rows

    def test_the_base_of_a_branch_that_is_not_there(self):
        with pytest.raises(RevisionNotFoundError, match="no branch is called 'nosuch'"):
            TREE.resolve("nosuch@base")

    def test_a_branch_only_chooses_the_way_up(self):
        with pytest.raises(TargetError, match="'other@aaaa2\\+1' is beyond the end"):
            TREE.resolve("other@aaaa2+1")

    def test_a_fork_names_three_ways(self):
        with pytest.raises(TargetError) as caught:
            graph("a; b < a; c < a; d < a; e < a").resolve("a+1")
        assert caught.value.hint == "name the one you want: `b` or `c` or `d`"

    def test_no_step_from_the_base_is_the_base(self):
        assert TREE.resolve("base-0") == ()

    def test_a_step_up_from_several_rows(self):
        with pytest.raises(TargetError, match="the database is at aaaa3, bbbb3"):
            TREE.resolve("current+1", current=["bbbb3", "aaaa3"])

    def test_a_fork_on_the_way(self):
        with pytest.raises(TargetError, match="'aaaa2' leads to aaaa3, bbbb3") as caught:
            TREE.resolve("base1+2")
        assert caught.value.candidates == ("aaaa3", "bbbb3")
        assert caught.value.hint == "name the one you want: `aaaa3` or `bbbb3`"

    def test_a_fork_above_the_rows_is_named_by_steps_of_its_branches(self):
        with pytest.raises(TargetError) as caught:
            TREE.upgrade_path("+1", ["aaaa2"])
        assert caught.value.hint == "name the one you want: `aaaa3@+1` or `bbbb3@+1`"

    def test_steps_from_two_heads(self):
        with pytest.raises(MultipleHeadsError, match="there are 2 heads, b, c"):
            graph("a; b < a; c < a").upgrade_path("heads-1", ())

    def test_a_merge_on_the_way_down(self):
        with pytest.raises(TargetError, match="'m' leads to a, b") as caught:
            graph("a; b; m < a b").resolve("m-1")
        assert "label@" not in caught.value.hint

    def test_the_base_is_a_fork_too(self):
        with pytest.raises(TargetError, match="the base leads to base1, lone"):
            TREE.resolve("base+1")


class TestUpgradeTargets:
    def wanted(self, target, rows=()):
        return ids(TREE.upgrade_path(target, rows))

    @pytest.mark.parametrize(
        ("target", "rows", "runs"),
        [
            ("left@head", [], ["base1", "aaaa2", "aaaa3"]),
            ("other@+1", ["aaaa3"], ["lone"]),
            ("right@+1", [], ["base1"]),
            ("right@+2", ["aaaa3"], ["bbbb3", "bbbb4"]),
            ("+1", ["bbbb3"], ["bbbb4"]),
            ("current+1", ["bbbb3"], ["bbbb4"]),
            ("base1+1", [], ["base1", "aaaa2"]),
            ("bbbb4-1", [], ["base1", "aaaa2", "bbbb3"]),
            ("bbbb4-0", ["bbbb3"], ["bbbb4"]),
            ("base", ["bbbb3"], []),
            ("lon", [], ["lone"]),
        ],
    )
    def test_what_runs(self, target, rows, runs):
        assert self.wanted(target, rows) == runs

    def test_steps_from_a_branch_that_is_under_another_one(self):
        # "low" is no row any more, since "up" depends on it
        tree = graph("low # deep; high < low; up ~ low")
        assert ids(tree.upgrade_path("deep@+1", ["up"])) == ["high"]

    @pytest.mark.parametrize("target", ["-1", "+0", "left@-1", "current-1", "-0"])
    def test_down_or_nowhere_is_no_upgrade(self, target):
        with pytest.raises(TargetError, match="an upgrade cannot go to") as caught:
            self.wanted(target, ["bbbb4"])
        assert caught.value.hint

    @pytest.mark.parametrize(
        ("target", "hint"),
        [("-1", "use `asyncmig downgrade -1`"), ("+0", "use `+1` or more")],
    )
    def test_the_hint_gives_the_command_that_was_meant(self, target, hint):
        with pytest.raises(TargetError) as caught:
            self.wanted(target, ["bbbb4"])
        assert caught.value.hint == hint

    def test_no_step_of_a_revision_on_another_branch(self):
        with pytest.raises(TargetError, match="'lone' is not on branch 'left'"):
            self.wanted("left@lone+0")

    def test_a_branch_only_chooses_the_way_up(self):
        with pytest.raises(TargetError, match="'other@aaaa2\\+1' is beyond the end"):
            self.wanted("other@aaaa2+1")

    def test_a_row_of_a_branch_is_where_its_steps_begin(self):
        # "c" is of the branch, too, and is applied because "x" depends on it
        tree = graph("a # left; b < a; c < a; d < b; x ~ c")
        assert ids(tree.upgrade_path("left@+1", ["b", "x"])) == ["d"]

    def test_the_hint_names_three_rows(self):
        with pytest.raises(TargetError) as caught:
            graph("a; b; c; d").upgrade_path("+1", list("abcd"))
        assert caught.value.hint == "name the revision to start from: `a+1` or `b+1` or `c+1`"

    def test_which_of_several_rows(self):
        with pytest.raises(TargetError, match="the database is at bbbb3, lone") as caught:
            self.wanted("+1", ["lone", "bbbb3"])
        assert caught.value.hint == "name the revision to start from: `bbbb3+1` or `lone+1`"

    @pytest.mark.parametrize("target", ["+2", "bbbb3+2", "bbbb4-4"])
    def test_past_the_end(self, target):
        with pytest.raises(TargetError, match="is beyond the end"):
            self.wanted(target, ["bbbb3"])

    def test_a_row_that_no_script_defines(self):
        with pytest.raises(
            RevisionNotFoundError, match="the database is at revision 'gone'"
        ) as caught:
            self.wanted("heads", ["gone"])
        assert caught.value.current is True
        assert "asyncmig stamp --purge" in caught.value.hint

    def test_several_heads_for_a_step(self):
        with pytest.raises(MultipleHeadsError):
            self.wanted("head-1")
        with pytest.raises(MultipleHeadsError, match="'heads-1' is not one revision"):
            self.wanted("heads-1")


class TestDowngradeTargets:
    def undone(self, target, rows):
        return ids(TREE.downgrade_path(target, rows))

    @pytest.mark.parametrize(
        ("target", "rows", "runs"),
        [
            ("-1", ["bbbb4"], ["bbbb4"]),
            ("current-1", ["bbbb4"], ["bbbb4"]),
            ("-4", ["bbbb4"], ["bbbb4", "bbbb3", "aaaa2", "base1"]),
            ("right@-1", ["aaaa3", "bbbb4"], ["bbbb4"]),
            ("left@aaaa2", ["aaaa3", "bbbb4"], ["aaaa3"]),
            ("aaaa2", ["aaaa3", "bbbb4"], ["aaaa3", "bbbb4", "bbbb3"]),
            ("bbbb4-1", ["bbbb4"], ["bbbb4"]),
            ("base1+1", ["bbbb4"], ["bbbb4", "bbbb3"]),
            ("other@base", ["bbbb4", "lone"], ["lone"]),
            ("base", ["lone"], ["lone"]),
            ("base", [], []),
            ("bbbb4", ["bbbb4"], []),
            ("bbbb4-4", ["bbbb4"], ["bbbb4", "bbbb3", "aaaa2", "base1"]),
            ("right@base+2", ["bbbb4"], ["bbbb4", "bbbb3"]),
        ],
    )
    def test_what_is_undone(self, target, rows, runs):
        if target == "right@base+2":  # the branch does not help where the base forks
            with pytest.raises(TargetError):
                self.undone("base+2", rows)
        assert self.undone(target, rows) == runs

    def test_a_branch_does_not_take_down_what_it_depends_on(self):
        tree = graph("a; x; b < a ~ x # left")
        assert ids(tree.downgrade_path("left@base", ["b"])) == ["b", "a"]

    def test_steps_down_a_branch_that_is_under_another_one(self):
        tree = graph("first; low < first # deep; up ~ low")
        assert ids(tree.downgrade_path("deep@-1", ["up"])) == ["up", "low"]

    @pytest.mark.parametrize(
        ("target", "hint"),
        [
            ("+1", "use `asyncmig upgrade +1`"),
            ("right@+1", "use `asyncmig upgrade right@+1`"),
            ("+0", "`asyncmig current` shows its revisions"),
        ],
    )
    def test_up_or_nowhere_is_no_downgrade(self, target, hint):
        with pytest.raises(TargetError) as caught:
            self.undone(target, ["bbbb3"])
        assert str(caught.value) == f"a downgrade cannot go to '{target}'"
        assert caught.value.hint == hint

    @pytest.mark.parametrize("target", ["-1", "left@-1"])
    def test_from_nothing(self, target):
        with pytest.raises(TargetError, match=r"no revision is applied$") as caught:
            self.undone(target, [])
        assert caught.value.hint == "`asyncmig current` shows its revisions"

    def test_a_branch_may_begin_below_the_end(self):
        assert ids(graph("a # left; b < a").downgrade_path("left@a", ["b"])) == ["b"]

    def test_a_step_leaves_the_sibling_that_the_row_depends_on(self):
        assert ids(graph("p; s < p; r < p ~ s").downgrade_path("-1", ["r"])) == ["r"]

    def test_a_row_of_a_branch_is_where_its_steps_begin(self):
        # "c" is of the branch, too, and is applied because "x" depends on it
        tree = graph("a # left; b < a; d < b; c < a; x ~ c")
        assert ids(tree.downgrade_path("left@-1", ["d", "x"])) == ["d"]

    def test_the_hint_names_three_rows(self):
        with pytest.raises(TargetError) as caught:
            graph("a; b; c; d").downgrade_path("-1", list("abcd"))
        assert caught.value.hint == "name the revision to revert: " + " or ".join(
            f"`asyncmig downgrade {name}@-1`" for name in "abc"
        )

    def test_two_heads_are_no_end(self):
        with pytest.raises(MultipleHeadsError, match="there are 2 heads, b, c"):
            graph("a; b < a; c < a").downgrade_path("heads", ["b"])

    def test_which_of_several_rows(self):
        with pytest.raises(
            TargetError, match="ambiguous: the database is at aaaa3, lone"
        ) as caught:
            self.undone("-1", ["lone", "aaaa3"])
        assert "`asyncmig downgrade aaaa3@-1` or `asyncmig downgrade lone@-1`" in caught.value.hint
        assert caught.value.current == ("aaaa3", "lone")
        assert self.undone("aaaa3@-1", ["lone", "aaaa3"]) == ["aaaa3"]

    def test_a_branch_of_which_nothing_has_run(self):
        with pytest.raises(TargetError, match="no revision of branch 'other' is applied"):
            self.undone("other@-1", ["aaaa3"])

    @pytest.mark.parametrize("target", ["-5", "bbbb4-5", "base-1"])
    def test_past_the_base(self, target):
        with pytest.raises(TargetError, match="is beyond the end"):
            self.undone(target, ["bbbb4"])

    def test_what_has_not_run(self):
        with pytest.raises(TargetError, match="cannot reach 'bbbb3': it is not applied") as caught:
            self.undone("bbbb3", ["aaaa3"])
        assert caught.value.current == ("aaaa3",)

    def test_what_has_nothing_above_it_that_ran(self):
        tree = graph("a; x ~ a")
        with pytest.raises(TargetError, match="no revision above it is applied"):
            tree.downgrade_path("a", ["x"])

    def test_a_branch_that_is_not_there(self):
        with pytest.raises(RevisionNotFoundError, match="no branch is called 'nosuch'"):
            self.undone("nosuch@base", ["bbbb4"])

    def test_an_end_on_another_branch(self):
        with pytest.raises(TargetError, match="'lone' is not on branch 'left'"):
            self.undone("left@lone", ["aaaa3", "lone"])

    def test_a_step_to_another_branch(self):
        message = r"cannot reach 'other@base1\+0': revision 'base1' is not on branch 'other'"
        with pytest.raises(TargetError, match=message):
            self.undone("other@base1+0", ["aaaa3", "lone"])

    def test_several_heads(self):
        with pytest.raises(MultipleHeadsError):
            self.undone("heads", ["aaaa3"])
        with pytest.raises(MultipleHeadsError):
            self.undone("head-1", ["aaaa3"])


class TestRanges:
    def listed(self, range_, rows=()):
        return ids(TREE.slice(range_, rows))

    @pytest.mark.parametrize(
        ("range_", "rows", "listed"),
        [
            ("aaaa2:bbbb4", [], ["bbbb4", "bbbb3", "aaaa2"]),
            ("aaaa2:", [], ["aaaa3", "bbbb4", "bbbb3", "aaaa2"]),
            (":aaaa3", [], ["aaaa3", "aaaa2", "base1"]),
            ("base:aaaa2", [], ["aaaa2", "base1"]),
            ("right@-1:", [], ["bbbb4", "bbbb3"]),
            ("bbbb3:bbbb3", [], ["bbbb3"]),
            ("-1:bbbb4", [], ["bbbb4", "bbbb3"]),
            ("-9:bbbb3", [], ["bbbb3", "aaaa2", "base1"]),
            ("base1-9:aaaa2", [], ["aaaa2", "base1"]),
            ("base1:+1", [], ["aaaa2", "base1"]),
            ("bbbb3:+9", [], ["bbbb4", "bbbb3"]),
            ("-1:current", ["bbbb4"], ["bbbb4", "bbbb3"]),
            ("current-1:current", ["bbbb4"], ["bbbb4", "bbbb3"]),
            ("current:", ["bbbb3"], ["bbbb4", "bbbb3"]),
            ("current:bbbb4", ["bbbb3"], ["bbbb4", "bbbb3"]),
            (":current", ["aaaa2"], ["aaaa2", "base1"]),
            ("-1:+1", ["bbbb3"], ["bbbb4", "bbbb3", "aaaa2"]),
            ("left@base:heads", [], ["aaaa3", "aaaa2", "base1"]),
            ("bbbb4@base:", [], ["bbbb4", "bbbb3", "aaaa2", "base1"]),
            (" aaaa2 : bbbb3 ", [], ["bbbb3", "aaaa2"]),
            ("base:base", [], []),
            (":bbbb4+9", [], ["bbbb4", "bbbb3", "aaaa2", "base1"]),
            ("left@base:aaaa2", [], []),
        ],
    )
    def test_what_is_listed(self, range_, rows, listed):
        assert self.listed(range_, rows) == listed

    def test_several_heads_for_a_step(self):
        with pytest.raises(MultipleHeadsError):
            self.listed("base1:head-1")

    def test_everything(self):
        assert self.listed(":") == ids(TREE)

    @pytest.mark.parametrize("range_", ["aaaa2", "", "a:b:c"])
    def test_what_is_no_range(self, range_):
        with pytest.raises(TargetError, match="is not a range") as caught:
            self.listed(range_)
        assert "-3:current" in caught.value.hint

    @pytest.mark.parametrize("range_", [":current", "current:"])
    def test_rows_on_each_other_are_no_end(self, range_):
        with pytest.raises(TargetError, match="one is below another: a, b"):
            graph("a; b < a").slice(range_, ["a", "b"])

    def test_no_revisions_have_no_range(self):
        assert graph("").slice("base:+1") == ()

    def test_a_label_is_told_from_the_others_of_its_revision(self):
        tree = graph("a; b < a # left right; c < a")
        assert ids(tree.slice("left@base:a")) == []
        assert ids(tree.slice("left@base:heads")) == ["b", "a"]

    def test_what_only_depends_on_the_lower_end_is_left_out(self):
        assert ids(graph("a; b < a; x ~ a; c < b ~ x").slice("a:c")) == ["c", "b", "a"]

    def test_the_wrong_way_round(self):
        with pytest.raises(TargetError, match="'bbbb4' is not below 'aaaa2'") as caught:
            self.listed("bbbb4:aaaa2")
        assert "older revision comes first" in caught.value.hint

    def test_dependencies_of_another_line_are_left_out_of_a_lower_end(self):
        tree = graph("x; a; b < a ~ x; c < b")
        assert ids(tree.slice("a:c")) == ["c", "b", "a"]
        assert set(ids(tree.slice(":c"))) == {"c", "b", "a", "x"}


@pytest.mark.parametrize(
    ("symbol", "steps", "is_relative"),
    [("", 1, True), ("", -1, True), ("a", 1, False), ("heads", None, False), ("", None, False)],
)
def test_relative_targets(symbol, steps, is_relative) -> None:
    target = Expression(text="x", branch=None, symbol=symbol, steps=steps)
    assert target.is_relative is is_relative


def test_the_branch_of_a_downgrade_exists() -> None:
    with pytest.raises(RevisionNotFoundError, match="no branch is called 'nolabel'"):
        graph("a # left; b < a").downgrade_path("nolabel@base", ["b"])
