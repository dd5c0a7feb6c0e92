"""asyncmig.bookkeeping.version_conflict: how a version table that others changed is reported."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.bookkeeping.journal import Journal
from asyncmig.bookkeeping.version_conflict import (
    is_journal_conflict,
    is_version_conflict,
    journal_conflict,
    lacks_column,
    missing_column,
    version_conflict,
)
from asyncmig.bookkeeping.version_table import VersionTable
from support.fake_session import FakeSession

TABLE = VersionTable(schema="app")
JOURNAL = Journal(schema="app")


def unique(schema: str, table: str) -> asyncpg.UniqueViolationError:
    error = asyncpg.UniqueViolationError("duplicate key")
    error.schema_name, error.table_name = schema, table
    return error


@pytest.mark.parametrize(
    ("error", "conflict"),
    [
        (asyncpg.UndefinedObjectError('parameter "asyncmig.version_table_changed"'), True),
        (asyncpg.UndefinedObjectError('parameter "asyncmig.other"'), False),
        (unique("app", "alembic_version"), True),
        (unique("app", "users"), False),
        (unique("other", "alembic_version"), False),
        (asyncpg.UndefinedTableError("asyncmig.version_table_changed"), False),
    ],
)
def test_which_errors_are_conflicts(error, conflict) -> None:
    assert is_version_conflict(error, TABLE) is conflict


async def test_the_error_names_rows_and_sessions() -> None:
    others = [{"pid": 7, "application_name": "", "role": "app", "state": "active"}]
    session = FakeSession(rows={"version_num": [{"row": "b"}], "pg_stat_activity": others})
    error = await version_conflict(session, TABLE, "the stamp", ["z", "a"])
    assert str(error).startswith("the version table holds b where the stamp expected a, z: ")
    assert error.hint.endswith("Connected now: pid 7 (unnamed, app, active)")
    assert (error.expected, error.found) == (("a", "z"), ("b",))


class Gone(FakeSession):
    async def fetch(self, query: str, *args: object) -> list:
        raise asyncpg.AdminShutdownError("gone")


@pytest.mark.parametrize(
    "session",
    [
        # its transaction has failed, and a query would fail too
        FakeSession(rows={"version_num": [{"row": "b"}]}, caller_transaction=True),
        Gone(),
    ],
)
async def test_where_nothing_can_be_asked(session) -> None:
    error = await version_conflict(session, TABLE, "the stamp", ())
    assert "does not hold the rows where the stamp expected nothing" in str(error)
    assert error.fields().get("found") is None


async def test_a_journal_that_others_changed_names_the_sessions() -> None:
    others = [{"pid": 7, "application_name": "psql", "role": "app", "state": "idle"}]
    session = FakeSession(rows={"pg_stat_activity": others})
    error = await journal_conflict(session, JOURNAL, "the upgrade of revision a1")
    assert str(error).startswith(
        "the journal app.asyncmig_journal has no row, or several, of the upgrade of revision a1"
    )
    assert error.connected == ("pid 7 (psql, app, idle)",)
    session = FakeSession(rows=session.rows, caller_transaction=True)
    error = await journal_conflict(session, JOURNAL, "the upgrade of revision a1")
    assert error.connected == ()
    assert error.hint.endswith("run the same command again")
    assert session.messages == []


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (
            asyncpg.UndefinedColumnError('column "x" of relation "asyncmig_journal" is missing'),
            True,
        ),
        (asyncpg.UndefinedColumnError('column "x" of relation "users" is missing'), False),
        (asyncpg.UndefinedTableError('of relation "asyncmig_journal"'), False),
    ],
)
def test_a_journal_that_lost_a_column(error, lacks) -> None:
    assert lacks_column(error, JOURNAL) is lacks
    assert str(missing_column(error, JOURNAL)) == (
        f"the table app.asyncmig_journal is not a journal of asyncmig: {error}"
    )


@pytest.mark.parametrize(
    ("error", "conflict"),
    [
        (asyncpg.UndefinedObjectError('parameter "asyncmig.journal_changed"'), True),
        (asyncpg.UndefinedObjectError('parameter "asyncmig.version_table_changed"'), False),
        (asyncpg.UndefinedTableError("asyncmig.journal_changed"), False),
    ],
)
def test_which_errors_are_conflicts_of_the_journal(error, conflict) -> None:
    assert is_journal_conflict(error) is conflict


async def test_a_journal_conflict_is_reported_where_nothing_can_be_asked() -> None:
    error = await journal_conflict(Gone(), JOURNAL, "the upgrade of revision a1")
    assert error.connected == ()
