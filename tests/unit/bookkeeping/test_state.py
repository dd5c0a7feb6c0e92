"""asyncmig.bookkeeping.state: one query, or two where a table may be missing."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest

from asyncmig.bookkeeping.state import read_state
from asyncmig.config.settings import Settings
from asyncmig.errors import ConfigError, DatabaseError
from support.fake_session import FakeSession

ENTRY = {
    "id": 9,
    "revision": "a1",
    "direction": "upgrade",
    "phase": 1,
    "kind": "autocommit",
    "state": "started",
    "statement": 2,
    "fingerprint": "f",
    "checksum": "c",
    "down_revisions": ["a0"],
}
NO_ENTRY = dict.fromkeys(ENTRY)
STATE = {
    "backend_pid": 7,
    "faults": [],
    "heads": ["a1", "b1"],
    "schema": "app",
    "has_backfills": False,
    "newest": '[["a1", ["a0"]]]',
}
PRESENCE = {
    "backend_pid": 7,
    "faults": [],
    "has_backfills": False,
    "version_schema": "app",
    "width": 32,
    "journal_schema": "app",
    "current_schema": "public",
}


class Database(FakeSession):
    """Answers the query for everything, and those for one table after the other."""

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.everything = answers.get("everything", [STATE | NO_ENTRY])
        self.presence = PRESENCE | answers.get("presence", {})
        self.versions = answers.get("versions", [{"version_num": "a1"}])
        self.journal = answers.get("journal", [])
        self.queries: list[str] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        if "AS heads" in query:
            name, answer = "everything", self.everything
        elif "version_schema" in query:
            name, answer = "presence", [self.presence]
        elif query.startswith("SELECT version_num"):
            name, answer = query.rpartition(" ")[2], self.versions
        else:
            name, answer = "journal", self.journal
        self.messages.append(name)
        self.queries.append(query)
        if isinstance(answer, Exception):
            raise answer
        return answer


def settings(**fields: Any) -> Settings:
    return Settings(script_location="migrations", **fields)


async def test_one_query_reads_rows_and_partial_revisions() -> None:
    database = Database(everything=[STATE | ENTRY, STATE | ENTRY | {"revision": "b1"}])
    state = await read_state(database, settings())
    assert database.messages == ["everything"]
    assert (state.heads, state.schema, state.width) == ({"a1", "b1"}, "app", None)
    assert (state.has_version_table, state.has_journal) == (True, True)
    assert [entry.revision for entry in state.partial] == ["a1", "b1"]
    assert state.partial[0].statement == 2
    assert state.newest == (("a1", ("a0",)),)
    assert database.backend_pid == 7


@pytest.mark.parametrize("tables_are_missing", [False, True])
async def test_only_the_newest_row_of_a_revision_counts(tables_are_missing) -> None:
    missing = {"everything": asyncpg.UndefinedTableError("no table")} if tables_are_missing else {}
    database = Database(**missing)
    await read_state(database, settings())
    query = database.queries[-1]
    assert re.search(r"WHERE NOT j.final\s+AND NOT EXISTS \(\s+SELECT FROM \S+ AS newer", query)


async def test_the_newest_upgrades_are_read_with_the_rows() -> None:
    database = Database()
    await read_state(database, settings())
    newest = database.queries[0].partition(") AS newest")[0]
    assert newest.endswith(
        "WHERE direction = 'upgrade' AND final AND state = 'done' ORDER BY id DESC LIMIT 50\n"
    )


async def test_without_a_partial_revision() -> None:
    state = await read_state(Database(everything=[STATE | NO_ENTRY | {"newest": None}]), settings())
    assert (state.partial, state.newest) == ((), ())


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedTableError("no table"),
        asyncpg.InvalidSchemaNameError("no schema"),
        asyncpg.UndefinedColumnError("no column"),
    ],
)
async def test_where_a_table_is_missing_the_tables_are_looked_up(error: Exception) -> None:
    database = Database(everything=error, journal=[ENTRY])
    state = await read_state(database, settings())
    assert database.messages == ["everything", "presence", "app.alembic_version", "journal"]
    assert (state.heads, state.width, state.has_journal) == ({"a1"}, 32, True)
    assert [entry.revision for entry in state.partial] == ["a1"]
    assert database.backend_pid == 7


async def test_in_a_transaction_nothing_is_tried_that_may_fail() -> None:
    database = Database()
    database.in_transaction = True
    await read_state(database, settings())
    assert database.messages[0] == "presence"


@pytest.mark.parametrize("asked", [{"check_tables_first": True}, {}])
async def test_the_tables_are_looked_up_at_once_where_that_is_known_to_be_needed(asked) -> None:
    database = Database()
    await read_state(database, settings(journal=bool(asked)), **asked)
    assert database.messages[0] == "presence"


@pytest.mark.parametrize(("journal", "asked"), [(True, "asyncmig_journal"), (False, "NULL")])
async def test_a_journal_that_is_not_used_may_be_any_relation(journal: bool, asked: str) -> None:
    database = Database()
    await read_state(database, settings(journal=journal), check_tables_first=True)
    (faults,) = re.findall(
        r"c\.oid IN \(.*, pg_catalog\.to_regclass\((.*?)\)\)", database.queries[0]
    )
    assert faults.strip("'") == asked


async def test_an_empty_database_has_a_place_for_the_tables() -> None:
    nothing = {"version_schema": None, "journal_schema": None, "width": None}
    database = Database(presence=nothing)
    state = await read_state(database, settings(), check_tables_first=True)
    assert (state.schema, state.heads, state.has_version_table) == ("public", set(), False)
    assert not state.has_journal
    assert database.messages == ["presence"]

    elsewhere = settings(version_table_schema="ops")
    assert (await read_state(database, elsewhere, check_tables_first=True)).schema == "ops"


async def test_a_journal_in_another_schema_is_not_this_one() -> None:
    database = Database(presence={"journal_schema": "public"})
    state = await read_state(database, settings(), check_tables_first=True)
    assert not state.has_journal


async def test_a_search_path_without_a_schema_is_refused() -> None:
    nothing = {"version_schema": None, "current_schema": None}
    with pytest.raises(ConfigError, match="the search_path names no schema that exists"):
        await read_state(Database(presence=nothing), settings(), check_tables_first=True)


@pytest.mark.parametrize("first", [True, False])
async def test_a_table_whose_rows_cannot_be_trusted_is_refused(first: bool) -> None:
    fault = {"faults": ["the version table alembic_version is not a table"]}
    database = Database(everything=[STATE | NO_ENTRY | fault], presence=fault)
    with pytest.raises(ConfigError, match="the version table alembic_version is not a table"):
        await read_state(database, settings(), check_tables_first=first)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("versions", r"app\.alembic_version is not a version table: no column"),
        ("journal", r"app\.asyncmig_journal is not a journal of asyncmig: no column"),
    ],
)
async def test_another_table_of_that_name_is_named(answer: str, message: str) -> None:
    database = Database(**{answer: asyncpg.UndefinedColumnError("no column")})
    with pytest.raises(ConfigError, match=message):
        await read_state(database, settings(), check_tables_first=True)


REFUSED = asyncpg.InsufficientPrivilegeError("permission denied")


@pytest.mark.parametrize(
    ("fields", "in_transaction", "grants"),
    [
        ({}, False, "`GRANT SELECT ON alembic_version, asyncmig_journal TO reader`"),
        ({"journal": False}, False, "`GRANT SELECT ON alembic_version TO reader`"),
        ({}, True, "`GRANT SELECT ON alembic_version, asyncmig_journal TO the_role`"),
        (
            {"version_table_schema": "ops"},
            False,
            (
                "`GRANT USAGE ON SCHEMA ops TO reader; GRANT SELECT ON ops.alembic_version,"
                " ops.asyncmig_journal TO reader`"
            ),
        ),
    ],
)
async def test_the_grant_that_a_role_lacks_is_named(fields, in_transaction, grants) -> None:
    database = Database(everything=REFUSED, versions=REFUSED)
    database.in_transaction = in_transaction
    database.journal = [{"name": "reader"}]  # the answer to any other question
    with pytest.raises(DatabaseError, match="PostgreSQL refused: permission denied") as raised:
        await read_state(database, settings(**fields))
    assert str(raised.value.hint).startswith(grants)
    assert raised.value.fields()["sqlstate"] == "42501"
