"""asyncmig.plan.phases: where PostgreSQL demands a commit, and nowhere else."""

import pytest

from asyncmig.plan.model import PhaseKind
from asyncmig.plan.phases import COMMIT_HERE, split_phases
from asyncmig.sql.backfills.definition import Backfill
from asyncmig.sql.statement import Statement
from support.plans import statement

ADD_VALUE = "ALTER TYPE mood ADD VALUE 'so so'"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (a)"


def phases(*entries, **options):
    """Each phase as its kind and its statements."""
    known = [entry if entry is COMMIT_HERE else statement(entry) for entry in entries]
    return [
        (phase.kind.value, [item.sql for item in phase.statements])
        for phase in split_phases(known, **options)
    ]


def test_no_statements_are_no_phase() -> None:
    assert phases() == []


def test_what_may_share_a_transaction_does() -> None:
    assert phases("CREATE TABLE t ()", "DROP TABLE u") == [
        ("transaction", ["CREATE TABLE t ()", "DROP TABLE u"])
    ]


def test_a_statement_outside_a_transaction_stands_between_two() -> None:
    assert phases("SELECT 1", INDEX, "VACUUM t", "SELECT 2") == [
        ("transaction", ["SELECT 1"]),
        ("autocommit", [INDEX, "VACUUM t"]),
        ("transaction", ["SELECT 2"]),
    ]


def test_a_commit_divides_a_transaction() -> None:
    assert phases(COMMIT_HERE, "SELECT 1", COMMIT_HERE, COMMIT_HERE, "SELECT 2") == [
        ("transaction", ["SELECT 1"]),
        ("transaction", ["SELECT 2"]),
    ]


class TestEnumLabels:
    def test_a_label_that_nothing_uses_stays_in_the_transaction(self) -> None:
        assert phases(ADD_VALUE, "SELECT 'so'") == [("transaction", [ADD_VALUE, "SELECT 'so'"])]

    @pytest.mark.parametrize(
        "later", ["INSERT INTO t VALUES ('so so')", "DO $$ BEGIN PERFORM 'so so'; END $$"]
    )
    def test_a_label_that_is_used_later_is_committed_first(self, later: str) -> None:
        assert phases(ADD_VALUE, "SELECT 1", later) == [
            ("autocommit", [ADD_VALUE]),
            ("transaction", ["SELECT 1", later]),
        ]
        assert phases(ADD_VALUE, later) == [("autocommit", [ADD_VALUE]), ("transaction", [later])]

    def test_a_use_before_it_does_not_count(self) -> None:
        assert phases("SELECT 'so so'", ADD_VALUE) == [
            ("transaction", ["SELECT 'so so'", ADD_VALUE])
        ]

    def test_a_use_behind_a_commit_counts(self) -> None:
        assert [kind for kind, _ in phases(ADD_VALUE, COMMIT_HERE, "SELECT 'so so'")] == [
            "autocommit",
            "transaction",
        ]

    @pytest.mark.parametrize("option", ["open_ended", "separate_enum_values"])
    def test_a_label_is_committed_where_what_follows_is_not_known(self, option: str) -> None:
        assert phases(ADD_VALUE, **{option: True}) == [("autocommit", [ADD_VALUE])]


def test_each_kind_has_its_value() -> None:
    assert PhaseKind.AUTOCOMMIT.value == "autocommit"


def test_a_backfill_is_one_phase() -> None:
    rows = Statement(
        sql="UPDATE t SET n = 1", backfill=Backfill(name="n", table="t", assignments="n = 1")
    )
    found = split_phases([statement("SELECT 1"), rows, statement("SELECT 2")])
    assert [(phase.kind, phase.statements) for phase in found] == [
        (PhaseKind.TRANSACTION, (statement("SELECT 1"),)),
        (PhaseKind.BACKFILL, (rows,)),
        (PhaseKind.TRANSACTION, (statement("SELECT 2"),)),
    ]
