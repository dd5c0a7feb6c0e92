"""asyncmig.execution.work_units: phases as transactions and standalone statements, with their rows."""

from __future__ import annotations

import pytest

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.execution.work_units import (
    PhaseCommit,
    StandaloneStatement,
    Transaction,
    TransactionState,
    first_rolled_back,
    frame_phase,
    frame_step,
)
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.sql.backfills.parse import parse_backfill
from support.plans import (
    BOOKS,
    WITHOUT_JOURNAL,
    autocommit,
    partial,
    statement,
    step,
    transaction,
)

INDEX = "CREATE INDEX CONCURRENTLY i ON t (a)"
VERSION = "INSERT INTO alembic_version"


def kind(sql: str) -> str:
    """Bookkeeping by its purpose, a statement of a script as it is."""
    words = [
        ("INSERT INTO asyncmig_journal", "journal: insert"),
        ("SET state = 'done'", "journal: done"),
        ("SET state = 'started'", "journal: reopen"),
        ("SET statement", "journal: advance"),
        (VERSION, "version"),
        ("asyncmig.version_table_changed", "check"),
    ]
    return next((name for word, name in words if word in sql), sql)


def shape(units) -> list:
    """Each unit as a list of its statements, a standalone one as its text."""
    return [
        unit.statement.sql
        if isinstance(unit, StandaloneStatement)
        else [kind(fragment.sql) for fragment in unit.fragments]
        for unit in units
    ]


def framed(phase, **options) -> list:
    options = {"final": True} | options
    return list(frame_phase(step(phase), 0, phase, options.pop("books", BOOKS), **options))


class TestTransactionPhase:
    def test_carries_its_row_and_the_version(self) -> None:
        units = framed(transaction("SELECT 1", "SELECT 2"))
        assert shape(units) == [["SELECT 1", "SELECT 2", "journal: insert", "version"]]
        assert [commit.final for commit in units[0].phase_commits] == [True]

    def test_before_the_last_phase_the_version_stays(self) -> None:
        assert shape(framed(transaction("SELECT 1"), final=False)) == [
            ["SELECT 1", "journal: insert"]
        ]

    def test_without_a_journal(self) -> None:
        assert shape(framed(transaction("SELECT 1"), books=WITHOUT_JOURNAL)) == [
            ["SELECT 1", "version"]
        ]

    def test_each_commit_of_a_run_checks_the_rows_of_the_version_table(self) -> None:
        phase = transaction("SELECT 1")
        known = step(phase, rows_before=frozenset())
        for final, last in ((True, ["check", "version"]), (False, ["check"])):
            units = frame_phase(known, 0, phase, BOOKS, final=final)
            assert shape(units) == [["SELECT 1", "journal: insert", *last]]

    def test_an_index_that_may_be_invalid_is_checked(self) -> None:
        (unit,) = framed(transaction("CREATE INDEX IF NOT EXISTS i ON t (a)"))
        assert [fragment.sql[:12] for fragment in unit.fragments[:2]] == [
            "CREATE INDEX",
            "DO 'DECLARE ",
        ]


class TestAutocommitPhase:
    def test_stands_between_its_rows(self) -> None:
        units = framed(autocommit(INDEX, "VACUUM t"))
        assert shape(units) == [
            ["journal: insert"],
            INDEX,
            ["journal: advance"],
            "VACUUM t",
            ["journal: done", "version"],
        ]
        assert [len(unit.phase_commits) for unit in units if isinstance(unit, Transaction)] == [
            0,
            0,
            1,
        ]

    def test_what_may_share_a_transaction_is_committed_with_its_row(self) -> None:
        assert shape(framed(autocommit("SELECT 1", "SELECT 2"))) == [
            ["journal: insert"],
            ["SELECT 1", "journal: advance"],
            ["SELECT 2", "journal: done", "version"],
        ]

    @pytest.mark.parametrize("sql", ["CALL p()", "DO $$ BEGIN COMMIT; END $$"])
    def test_what_may_commit_by_itself_is_sent_alone(self, sql: str) -> None:
        assert shape(framed(autocommit(sql))) == [
            ["journal: insert"],
            sql,
            ["journal: done", "version"],
        ]

    def test_without_a_journal_the_end_is_a_transaction_of_its_own(self) -> None:
        assert shape(framed(autocommit(INDEX), books=WITHOUT_JOURNAL)) == [INDEX, ["version"]]
        units = framed(autocommit(INDEX), books=WITHOUT_JOURNAL, final=False)
        assert shape(units) == [INDEX, []]
        assert [commit.final for commit in units[-1].phase_commits] == [False]

    def test_without_a_journal_the_version_comes_after_the_last_statement(self) -> None:
        units = framed(autocommit(INDEX, "SELECT 1", "VACUUM t"), books=WITHOUT_JOURNAL)
        assert shape(units) == [INDEX, ["SELECT 1"], "VACUUM t", ["version"]]

    def test_hooks_extend_a_transaction_of_their_own(self) -> None:
        units = framed(autocommit(INDEX), separate_version_update=True)
        assert shape(units) == [
            ["journal: insert"],
            INDEX,
            ["journal: advance"],
            ["journal: done", "version"],
        ]

    def test_each_row_of_a_run_checks_the_version_table(self) -> None:
        phase = autocommit(INDEX, "SELECT 1", "VACUUM t")
        known = step(phase, rows_before=frozenset({"z9"}))
        assert shape(frame_phase(known, 0, phase, BOOKS, final=False)) == [
            ["journal: insert", "check"],
            INDEX,
            ["journal: advance", "check"],
            ["SELECT 1", "journal: advance", "check"],
            "VACUUM t",
            ["journal: done", "check"],
        ]


class TestBackfills:
    FILL = statement(
        "SELECT 1", backfill=parse_backfill("name=fill", "UPDATE t SET a = 1 WHERE a IS NULL")
    )
    PHASE = Phase(kind=PhaseKind.BACKFILL, statements=(FILL,))

    def test_it_is_no_transaction_of_its_phase(self) -> None:
        opening, backfill, end = framed(self.PHASE)
        assert isinstance(backfill, StandaloneStatement)
        assert shape([end]) == [["journal: done", "version"]]
        assert any("asyncmig_backfill" in fragment.sql for fragment in opening.fragments)

    @pytest.mark.parametrize(("earlier", "restarts"), [(None, True), (partial(), False)])
    def test_only_a_phase_that_begins_restarts_its_jobs(self, earlier, restarts) -> None:
        opening = framed(self.PHASE, partial=earlier)[0]
        deleted = [item.sql for item in opening.fragments if item.sql.startswith("DELETE")]
        assert bool(deleted) is restarts


def test_each_transaction_of_an_autocommit_phase_knows_what_is_committed_before_it() -> None:
    units = framed(autocommit(INDEX, "SELECT 1", "VACUUM t"))
    before = [len(unit.before) for unit in units if isinstance(unit, Transaction)]
    # the opening, behind the index, SELECT, behind VACUUM
    assert before == [0, 1, 1, 3]


class TestResumed:
    def test_statements_that_are_done_are_left_out(self) -> None:
        units = framed(autocommit(INDEX, "VACUUM t"), partial=partial(statement=1))
        assert shape(units) == [
            ["journal: reopen"],
            "VACUUM t",
            ["journal: done", "version"],
        ]
        assert units[1].before == autocommit(INDEX).statements

    def test_where_only_the_end_is_missing(self) -> None:
        units = framed(autocommit(INDEX), partial=partial(statement=1))
        assert shape(units) == [["journal: reopen"], ["journal: done", "version"]]
        assert len(units[1].phase_commits) == 1

    @pytest.mark.parametrize(
        ("state", "previous"),
        [
            ("started", PreviousAttempt.INTERRUPTED),
            ("failed", PreviousAttempt.FAILED),
            ("resolved", PreviousAttempt.ENDED),
            ("refused", PreviousAttempt.NONE),
        ],
    )
    def test_only_the_first_statement_left_was_tried_before(
        self, state: str, previous: PreviousAttempt
    ) -> None:
        units = framed(autocommit("VACUUM a", INDEX), partial=partial(state=state))
        tried = [unit.previous for unit in units if isinstance(unit, StandaloneStatement)]
        assert tried == [previous, PreviousAttempt.NONE]

    def test_call_behind_an_interrupted_statement_was_not_tried(self) -> None:
        units = framed(autocommit(INDEX, "CALL p()"), partial=partial())
        tried = [unit.previous for unit in units if isinstance(unit, StandaloneStatement)]
        assert tried == [PreviousAttempt.INTERRUPTED, PreviousAttempt.NONE]


class TestFirstRolledBack:
    def test_a_transaction_of_its_own(self) -> None:
        assert first_rolled_back("a1", Transaction(step=step(), phase=2), 2) == 2
        assert first_rolled_back("a1", None, 1) == 1

    def test_merged_phases_are_rolled_back_together(self) -> None:
        own, other = step(), step(revision="b1")
        kind = PhaseKind.TRANSACTION
        merged = Transaction(
            step=own,
            phase=3,
            phase_commits=[PhaseCommit(other, 0, kind, True), PhaseCommit(own, 2, kind, False)],
        )
        assert first_rolled_back("a1", merged, 3) == 2


class TestStep:
    def test_the_version_changes_with_the_last_phase(self) -> None:
        known = step(transaction("SELECT 1"), autocommit(INDEX), transaction("SELECT 2"))
        assert shape(frame_step(known, BOOKS)) == [
            ["SELECT 1", "journal: insert"],
            ["journal: insert"],
            INDEX,
            ["journal: done"],
            ["SELECT 2", "journal: insert", "version"],
        ]

    @pytest.mark.parametrize("last", [transaction("SELECT 1"), autocommit(INDEX, "VACUUM t")])
    def test_hooks_of_a_script_for_psql_follow_the_version(self, last) -> None:
        known = step(transaction("SELECT 0"), last, epilogue=(statement("SELECT 'hook'"),))
        *others, end = shape(frame_step(known, BOOKS))
        assert end[-2:] == ["version", "SELECT 'hook'"]
        assert not any("SELECT 'hook'" in unit for unit in others)


class TestTransaction:
    def test_a_rollback_forgets_what_was_sent(self) -> None:
        (unit,) = framed(transaction("SELECT 1"))
        unit.state, unit.sent = TransactionState.READ, 1
        unit.reset()
        assert (unit.state, unit.sent) == (TransactionState.QUEUED, 0)

    @pytest.mark.parametrize(
        ("state", "closed", "sent", "idle"),
        [
            (TransactionState.QUEUED, False, 3, False),
            (TransactionState.OPEN, False, 3, True),
            (TransactionState.READ, False, 3, True),
            (TransactionState.OPEN, False, 2, False),
            (TransactionState.OPEN, True, 3, False),
        ],
    )
    def test_idle_is_open_and_behind_its_last_fragment(self, state, closed, sent, idle) -> None:
        (unit,) = framed(transaction("SELECT 1"))
        unit.state, unit.closed, unit.sent = state, closed, sent
        assert unit.is_idle is idle
