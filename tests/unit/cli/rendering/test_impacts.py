"""The impact of a plan as text."""

from __future__ import annotations

import io

import pytest

from asyncmig.results import Blocker, Impact, LongTransaction, RelationLock, StatementImpact
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import large_count, size
from asyncmig_cli.rendering.locks.impacts import impact_lines, statement_impact

ORDERS = RelationLock(
    relation="orders", mode="AccessExclusiveLock", rows=12_000_000, bytes=3_300_000_000
)


def statement(**facts) -> StatementImpact:
    return StatementImpact(
        **{
            "revision": "a", "phase": 0, "statement": 0, "origin": "versions/a.py:7",
            "sql": "ALTER TABLE orders ...", "source": "traced", **facts,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "blocks nothing"),
        (
            {"blocks": "DDL only", "scans": ("orders",)},
            "blocks only other schema changes; scans orders meanwhile",
        ),
        (
            {"blocks": "reads and writes", "locks": (ORDERS,)},
            "blocks reads and writes of orders (12 M rows, 3.1 GB), for a moment",
        ),
        (
            {"blocks": "reads and writes", "locks": (ORDERS,), "scans": ("orders",), "safe_form": "X"},
            "blocks reads and writes of orders (12 M rows, 3.1 GB) while it scans orders; safe form: X",
        ),
        (
            {
                "blocks": "reads and writes", "scans": ("orders",), "rewrites": ("i", "orders"),
                "locks": (ORDERS, RelationLock(relation="i", mode="AccessExclusiveLock", table="orders")),
            },
            "blocks reads and writes of orders (12 M rows, 3.1 GB) while it rewrites orders",
        ),
        (
            {
                "blocks": "reads and writes",
                "locks": (RelationLock(relation="orders", mode="AccessExclusiveLock", held=True),),
            },
            "still blocks reads and writes of orders, by a lock of an earlier statement in the transaction",
        ),
        (
            {
                "blocks": "writes",
                "locks": tuple(RelationLock(relation=name, mode="ShareLock") for name in "abcd"),
            },
            "blocks writes of a, b and 2 others, for a moment",
        ),
        ({"source": "unknown"}, "not analysed: its effects cannot be read from its text"),
    ],
)  # fmt: skip
def test_the_sentence_about_a_statement(facts, text):
    assert statement_impact(statement(**facts)) == text


def test_all_lines():
    impact = Impact(
        statements=(
            statement(blocks="reads and writes", locks=(ORDERS,), level="brief"),
            statement(statement=None, sql="", error="boom", note="careful"),
        ),
        copy="embedded server",
        incomplete=tuple(f"the copy lacks the view v{n}" for n in range(5)),
        notes=("something",),
        long_transactions=(
            LongTransaction(pid=7, age=65.0, role="r"),
            LongTransaction(pid=8, age=9.0),
        ),
        blockers=(
            Blocker(pid=7, relation="orders", mode="RowExclusiveLock", age=65.0, application="app"),
        ),
        level="brief",
    )
    lines = list(
        impact_lines(impact, Stream(io.StringIO(), color=False, terminal=False), verbose=False)
    )
    assert lines == [
        "impact on the database (traced in a copy: embedded server), worst level: brief",
        "  a",
        "    1.1 versions/a.py:7: ALTER TABLE orders ...",
        "        blocks reads and writes of orders (12 M rows, 3.1 GB), for a moment (traced)",
        "    1.live versions/a.py:7: statements that the script sends by itself",
        "        blocks nothing (traced)",
        "        fails in the copy: boom",
        "        careful",
        "note: something",
        "the copy is incomplete (5):",
        "  the copy lacks the view v0",
        "  the copy lacks the view v1",
        "  the copy lacks the view v2",
        "  ... -v shows all",
        "would wait now: pid 7, app, open for 1 m 05 s holds ROW EXCLUSIVE on orders",
        "long transaction: pid 8, open for 9.00 s",
    ]
    verbose = list(
        impact_lines(impact, Stream(io.StringIO(), color=False, terminal=False), verbose=True)
    )
    assert "        ACCESS EXCLUSIVE on orders (12 M rows, 3.1 GB)" in verbose
    assert "  the copy lacks the view v4" in verbose


def test_a_plan_without_statements():
    assert list(impact_lines(Impact(), Stream(io.StringIO(), color=False, terminal=False))) == [
        "no statement runs"
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (950, "950"), (3400, "3.4 K"), (12_000_000, "12 M"), (5 * 10**12, "5000 G")],
)
def test_large_counts(number, text):
    assert large_count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(100, "100 bytes"), (8192, "8 kB"), (3_300_000_000, "3.1 GB"), (2**50, "1024 TB")],
)
def test_sizes(number, text):
    assert size(number) == text
