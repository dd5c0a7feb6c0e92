"""asyncmig.bookkeeping: partially applied revisions, and what may be done beside them."""

from __future__ import annotations

import pytest

from asyncmig.bookkeeping.journal import FailureFingerprint
from asyncmig.bookkeeping.partial_revisions import check_not_blocked, check_stamp, resolved_by
from asyncmig.bookkeeping.state import DatabaseState, PreviousAttempt
from asyncmig.bookkeeping.unknown_revisions import known_ancestors, split_known
from asyncmig.config.settings import Settings
from asyncmig.errors import ScriptError
from asyncmig.plan.model import Direction
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.moves import RowChange
from asyncmig.revisions.graph.revision import Revision
from support.fake_session import FakeSession
from support.plans import partial, statement

GRAPH = RevisionGraph(
    [
        Revision(id="a"),
        Revision(id="b", down_revisions=("a",)),
        Revision(id="c", down_revisions=("b",)),
        Revision(id="x"),
        Revision(id="y", down_revisions=("x",), depends_on=("b",)),
    ]
)


class TestPartialRevision:
    @pytest.mark.parametrize(
        ("state", "phase", "previous"),
        [
            ("started", 1, PreviousAttempt.INTERRUPTED),
            ("failed", 1, PreviousAttempt.FAILED),
            ("resolved", 1, PreviousAttempt.ENDED),
            ("refused", 1, PreviousAttempt.NONE),
            ("done", 2, PreviousAttempt.NONE),
            ("caught", 2, PreviousAttempt.NONE),
        ],
    )
    def test_where_a_run_continues(self, state, phase, previous) -> None:
        entry = partial(state=state, phase=1)
        assert (entry.next_phase, entry.previous_attempt(statement("VACUUM"))) == (phase, previous)

    def test_another_statement_in_the_place_of_the_failed_one_has_not_run(self) -> None:
        call = statement("CALL fill()")
        failed = FailureFingerprint("0" * 32, statement("CALL spoil()").fingerprint)
        entry = partial(state="failed", phase=1, fingerprint=str(failed))
        assert entry.previous_attempt(call) is PreviousAttempt.ENDED
        same = partial(
            state="failed", phase=1, fingerprint=str(failed._replace(statement=call.fingerprint))
        )
        assert same.previous_attempt(call) is PreviousAttempt.FAILED


class TestNotBlocked:
    def check(self, revision: str, direction: str, target: str, current: str = "") -> None:
        upgrade = direction == "upgrade"
        path = GRAPH.upgrade_path if upgrade else GRAPH.downgrade_path
        moves = path(target, current.split())
        check_not_blocked(
            GRAPH,
            [partial(revision=revision, direction="downgrade" if upgrade else "upgrade")],
            moves,
            Direction(direction),
        )

    @pytest.mark.parametrize("revision", ["a", "b", "c"])
    def test_a_related_one_of_the_other_direction_must_end_first(self, revision) -> None:
        with pytest.raises(ScriptError, match=f"revision {revision} "):
            self.check(revision, "upgrade", "c")

    def test_the_hint_says_whose_code_can_finish_it(self) -> None:
        with pytest.raises(ScriptError) as known:
            self.check("b", "upgrade", "c")
        assert str(known.value.hint).startswith("run the downgrade again, or `asyncmig resolve b")
        moves = GRAPH.upgrade_path("c", [])
        unknown = partial(revision="gone", direction="downgrade", down_revisions=("b",))
        with pytest.raises(ScriptError) as newer:
            check_not_blocked(GRAPH, [unknown], moves, Direction.UPGRADE)
        assert "run the downgrade again with the code that has that revision" in str(
            newer.value.hint
        )

    def test_one_that_depends_on_it_too(self) -> None:
        with pytest.raises(ScriptError, match="the upgrade of revision y "):
            self.check("y", "downgrade", "base", "c")

    def test_another_branch_may_run(self) -> None:
        self.check("x", "upgrade", "c")

    def test_the_same_direction_may_run(self) -> None:
        moves = GRAPH.upgrade_path("c", [])
        check_not_blocked(GRAPH, [partial(revision="b")], moves, Direction.UPGRADE)

    def test_a_revision_that_the_code_lacks_is_related_to_none(self) -> None:
        self.check("gone", "upgrade", "c")


@pytest.mark.parametrize(
    ("change", "resolved"),
    [
        (RowChange(add=("c",)), ["a", "b"]),
        (RowChange(remove=("a",)), ["a", "b"]),
        (RowChange(add=("x",)), []),
    ],
)
def test_a_stamp_discards_what_it_is_related_to(change, resolved) -> None:
    entries = [partial(revision="a"), partial(revision="b")]
    assert [entry.revision for entry in resolved_by(GRAPH, entries, change)] == resolved


@pytest.mark.parametrize(
    ("entry", "change", "resolved"),
    [
        # c once followed x; its file says that it follows b
        (partial(revision="c", down_revisions=("x",)), RowChange(add=("x",)), False),
        (partial(revision="c", down_revisions=("x",)), RowChange(add=("b",)), True),
        (partial(revision="gone", down_revisions=("b",)), RowChange(add=("b",)), True),
        (partial(revision="gone", down_revisions=("b",)), RowChange(add=("a",)), True),
        (partial(revision="gone", down_revisions=("b",)), RowChange(add=("x",)), False),
        (partial(revision="b"), RowChange(add=("y", "gone")), True),  # y depends on b
    ],
)
def test_the_parents_are_those_of_the_file_or_else_of_the_journal(entry, change, resolved) -> None:
    assert bool(resolved_by(GRAPH, [entry], change)) is resolved


class TestStampOverAPartialRevision:
    @pytest.mark.parametrize(
        ("direction", "heads", "declared"),
        [
            ("upgrade", ["b"], "applied"),
            ("upgrade", ["c"], "applied"),
            ("upgrade", ["y"], "applied"),  # it depends on b
            ("downgrade", ["a"], "not applied"),
            ("downgrade", ["x"], "not applied"),
            ("downgrade", [], "not applied"),
        ],
    )
    def test_what_is_so_only_in_part_is_refused(self, direction, heads, declared) -> None:
        entry = partial(revision="b", direction=direction)
        with pytest.raises(ScriptError) as caught:
            check_stamp(GRAPH, [partial(revision="gone"), entry], heads)
        assert str(caught.value) == (
            f"the {direction} of revision b is partially applied, and this stamp declares the revision"
            f" {declared}"
        )
        assert caught.value.hint == (
            f"run the {direction} again to finish it; or finish it by hand, then"
            " `asyncmig resolve b --forget`, and stamp again"
        )
        assert caught.value.revision == "b"

    @pytest.mark.parametrize(
        ("direction", "heads"),
        [
            ("upgrade", ["a"]),
            ("upgrade", ["x", "gone"]),
            ("upgrade", []),
            ("downgrade", ["b"]),
            ("downgrade", ["c", "x"]),
            ("downgrade", ["y"]),
        ],
    )
    def test_as_it_was_before_may_be_stamped(self, direction, heads) -> None:
        check_stamp(GRAPH, [partial(revision="b", direction=direction)], heads)


def test_rows_that_the_code_has_and_lacks() -> None:
    assert split_known(GRAPH, ["b", "z", "new"]) == (frozenset({"b"}), ("new", "z"))


class TestKnownAncestors:
    ROWS = (
        ("n3", ["n2"]),
        ("n2", ["b", "n1"]),
        ("n1", ["a"]),
        ("orphan", ["nobody"]),
        ("round", ["again"]),
        ("again", ["round", "a"]),
    )

    async def ask(self, *unknown: str, has_journal: bool = True):
        rows = [{"revision": name, "down_revisions": below} for name, below in self.ROWS]
        state = DatabaseState(
            heads=frozenset(unknown),
            schema="app",
            has_version_table=True,
            has_journal=has_journal,
            has_backfills=False,
        )
        session = FakeSession(rows={"down_revisions": rows})
        return await known_ancestors(
            session, Settings(script_location="migrations"), state, unknown, GRAPH
        )

    async def test_the_nearest_that_the_code_has(self) -> None:
        assert await self.ask("n3") == {"a", "b"}

    async def test_each_revision_is_asked_for_once(self) -> None:
        assert await self.ask("round") == {"a"}

    async def test_none_where_the_journal_does_not_tell(self) -> None:
        assert await self.ask("elsewhere") is None
        assert await self.ask("orphan") is None
        assert await self.ask("n3", has_journal=False) is None
