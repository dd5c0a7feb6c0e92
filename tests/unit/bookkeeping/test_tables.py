"""asyncmig.bookkeeping.tables: creating what is missing, and room for long ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.bookkeeping import tables
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.bookkeeping.tables import Bookkeeping, setup_statements
from asyncmig.config.settings import Settings
from support.fake_session import FakeSession
from support.plans import BOOKS, WITHOUT_JOURNAL

SETTINGS = Settings(script_location="migrations")
THERE = DatabaseState(
    heads=frozenset(), schema="app", has_version_table=True, has_journal=True, width=32
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
