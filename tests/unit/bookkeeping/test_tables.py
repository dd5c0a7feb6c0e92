"""asyncmig.bookkeeping.tables: creating what is missing, and room for long ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.bookkeeping import tables
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.bookkeeping.tables import Bookkeeping, setup_statements
from asyncmig.config.settings import Settings
from asyncmig.plan.model import Direction, Phase, PhaseKind
from asyncmig.sql.backfills.parse import parse_backfill, parse_gate
from support.fake_session import FakeSession
from support.plans import BOOKS, WITHOUT_JOURNAL, statement, step, transaction

SETTINGS = Settings(script_location="migrations")
THERE = DatabaseState(
    heads=frozenset(),
    schema="app",
    has_version_table=True,
    has_journal=True,
    has_backfills=False,
    width=32,
)


@pytest.fixture
def asked(monkeypatch) -> list[int | None]:
    """The widths that the database gives when it is asked, one a question."""
    widths: list[int | None] = []

    async def read_state(*_: object, check_tables_first: bool) -> DatabaseState:
        assert check_tables_first
        return replace(THERE, width=widths.pop(0))

    monkeypatch.setattr(tables, "read_state", read_state)
    return widths


async def setup(state: DatabaseState, *revisions: str, books: Bookkeeping = BOOKS) -> list[str]:
    found = await setup_statements(FakeSession(), SETTINGS, state, books, revisions)
    return [sql.partition(" (")[0] for sql in found]


async def test_tables_that_are_there_need_nothing(asked) -> None:
    assert await setup(THERE, "a" * 32) == []
    assert await setup(THERE) == []


async def test_missing_tables_are_created(asked) -> None:
    nothing = replace(THERE, has_version_table=False, has_journal=False, width=None)
    version, *journal = await setup(nothing, "a" * 99)
    assert version == "CREATE TABLE alembic_version"
    assert len(journal) == 3
    assert await setup(nothing, books=WITHOUT_JOURNAL) == ["CREATE TABLE alembic_version"]
    assert await setup(replace(THERE, has_journal=False)) == journal


@pytest.mark.parametrize(
    ("width", "longest", "wider"),
    [(32, 33, 64), (32, 65, 65), (1, 33, 64), (40, 40, None), (40, 41, 64), (-4, 99, None)],
)
async def test_the_column_is_widened_for_a_long_id(asked, width, longest, wider) -> None:
    expected = (
        [f"ALTER TABLE alembic_version ALTER COLUMN version_num TYPE VARCHAR({wider})"]
        if wider
        else []
    )
    found = await setup_statements(
        FakeSession(), SETTINGS, replace(THERE, width=width), BOOKS, ["a", "b" * longest]
    )
    assert found == expected


async def test_a_width_is_not_asked_for_where_alembics_is_enough(asked) -> None:
    assert await setup(replace(THERE, width=None), "a" * 32) == []


@pytest.mark.parametrize(("width", "statements"), [(32, 1), (None, 0)])
async def test_a_width_that_is_not_known_is_asked_for(asked, width, statements) -> None:
    asked.append(width)
    assert len(await setup(replace(THERE, width=None), "a" * 33)) == statements
    assert asked == []


@pytest.mark.parametrize(
    ("state", "books", "added"),
    [
        (THERE, BOOKS, True),
        (THERE, WITHOUT_JOURNAL, False),
        (replace(THERE, has_journal=False), BOOKS, False),
    ],
)
async def test_a_journal_of_an_older_version_gets_its_columns(asked, state, books, added) -> None:
    found = await setup_statements(FakeSession(), SETTINGS, state, books, ["a1"], facts_column=True)
    assert (found == [BOOKS.journal.add_columns()]) is added


@pytest.mark.parametrize(
    ("books", "has_backfills"), [(BOOKS, False), (replace(BOOKS, has_backfills=True), True)]
)
def test_only_a_downgrade_ends_its_backfills(books, has_backfills) -> None:
    up = step(transaction("SELECT 1"))
    down = replace(up, direction=Direction.DOWNGRADE)
    ended = books.backfills.cancel_of_revision("a1")
    assert (ended in books.version_change(down)) is has_backfills
    assert ended not in books.version_change(up)


@pytest.mark.parametrize(
    ("books", "restart", "removes"),
    [(BOOKS, True, 1), (BOOKS, False, 0), (WITHOUT_JOURNAL, True, 1)],
)
def test_the_jobs_of_a_phase(books, restart, removes) -> None:
    fill = parse_backfill("name=fill", "UPDATE t SET a = 1 WHERE a IS NULL")
    gate = parse_gate("gate=fill")
    phase = Phase(
        kind=PhaseKind.BACKFILL,
        statements=(
            replace(statement("SELECT 1"), backfill=fill),
            replace(statement("SELECT 2"), backfill=gate),
            statement("SELECT 3"),
        ),
    )
    found = books.record_backfills(step(phase), phase, restart=restart)
    assert sum(sql.startswith("INSERT INTO asyncmig_backfill ") for sql in found) == 1
    removed = [sql for sql in found if sql.startswith("DELETE")]
    assert len(removed) == removes
    # without a journal it is not known whether an earlier run has begun the phase
    assert all(
        ("AND state IN ('done', 'cancelled')" in sql) is (books is WITHOUT_JOURNAL)
        for sql in removed
    )


def test_where_a_run_is_recorded() -> None:
    settings = replace(SETTINGS, version_table="v", journal_table="j", tag="of settings")
    own = Bookkeeping.of_run(settings, "app", "of run")
    assert (own.version.name, own.version.schema) == ("v", "app")
    assert own.journal is not None
    assert own.journal.run is not None
    assert (own.journal.name, own.journal.run.tag) == ("j", "of run")
    assert own.backfills.schema == "app"
    usual = Bookkeeping.of_run(settings, "app", None).journal
    assert usual is not None
    assert usual.run is not None
    assert usual.run.tag == "of settings"
    without = Bookkeeping.of(replace(settings, journal=False), None)
    assert (without.journal, without.backfills.run) == (None, None)


def test_what_a_transaction_phase_records() -> None:
    one = step(transaction("SELECT 1"), transaction("SELECT 2"), rows_before=frozenset({"a0"}))
    first, last = one.phases
    row, check = BOOKS.record(one, 0, first, final=False)
    assert "INSERT INTO asyncmig_journal" in row
    assert BOOKS.version_check(one) == [check]
    row, *change = BOOKS.record(one, 1, last, final=True)
    assert change == BOOKS.version_change(one)
    assert WITHOUT_JOURNAL.record(one, 0, first, final=False) == [check]
