"""asyncmig.execution.standalone.side_effects: what a refused statement has left, by the catalogs."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig.execution.standalone.side_effects import side_effect
from support.fake_session import FakeSession

REMAINS = "the statement ran outside a transaction, and what it committed before the error remains"
UNKNOWN = (
    "the statement ran outside a transaction, and whether it left an invalid index or a pending detach"
    " could not be read"
)
UNNAMED = "CREATE INDEX CONCURRENTLY ON app.t (a)"
DETACH = "ALTER TABLE p DETACH PARTITION c CONCURRENTLY"


def index(*, valid: bool = False, building: bool = False) -> dict:
    row = {"schema": "app", "name": "i", "table_name": "app.t"}
    return {"indisvalid AS valid": [row | {"valid": valid, "building": building}]}


def leftovers(*names: str) -> dict:
    return {"WITH RECURSIVE": [{"schema": "app", "name": name} for name in names]}


INVALID = "the index app.i on app.t is invalid; the next run drops it before it builds it again"
UNNAMED_INDEXES = {
    "NOT i.indisvalid": [
        {"schema": "app", "name": "t_a_idx"},
        {"schema": "app", "name": "t_a_idx1"},
    ]
}


@pytest.mark.parametrize(
    ("sql", "rows", "remains"),
    [
        ("CALL p()", {}, REMAINS),
        ("VACUUM t", {}, ""),
        ("CREATE INDEX CONCURRENTLY i ON app.t (a)", index(), INVALID),
        ("DROP INDEX CONCURRENTLY i", index(), INVALID),
        ("CREATE INDEX CONCURRENTLY i ON app.t (a)", index(valid=True), ""),
        ("CREATE INDEX CONCURRENTLY i ON app.t (a)", index(building=True), ""),
        ("CREATE INDEX CONCURRENTLY i ON app.t (a)", {}, ""),
        ("CREATE INDEX i ON app.t (a)", index(), ""),
        (UNNAMED, UNNAMED_INDEXES, "app.t has an invalid index: app.t_a_idx, app.t_a_idx1"),
        (UNNAMED, {}, ""),
        (
            "REINDEX TABLE CONCURRENTLY t",
            leftovers("i_ccnew"),
            "it left the invalid index app.i_ccnew; the next run drops it",
        ),
        (
            "REINDEX DATABASE CONCURRENTLY d",
            leftovers("i_ccnew", "i_ccold"),
            "it left the invalid indexes app.i_ccnew, app.i_ccold; the next run drops them",
        ),
        ("REINDEX SCHEMA CONCURRENTLY app", {}, ""),
        (
            DETACH,
            {"inhdetachpending": [{"pending": True}]},
            "the detach of partition c from p is pending; the next run finishes it",
        ),
        (DETACH, {"inhdetachpending": [{"pending": False}]}, ""),
        (DETACH, {}, ""),
        # there is no check for these
        (
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            {"inhdetachpending": [{"pending": True}]},
            "",
        ),
        ("CREATE INDEX CONCURRENTLY", UNNAMED_INDEXES, ""),
    ],
)
async def test_what_a_refused_statement_has_left(sql, rows, remains) -> None:
    found = await side_effect(FakeSession(rows=rows), sql, "a1")
    assert (found.clause or "") == remains


async def test_the_way_out_of_a_procedure_that_may_have_committed() -> None:
    found = await side_effect(FakeSession(), "CALL p()", "a1")
    assert "`asyncmig resolve a1 --done` or `asyncmig resolve a1 --retry`" in found.advice


async def test_the_table_of_an_unnamed_index_is_asked_for() -> None:
    session = FakeSession(rows=UNNAMED_INDEXES)
    found = await side_effect(session, UNNAMED, "a1")
    assert session.messages[0].endswith(" app.t")
    assert "give the index a name in the script" in found.advice


async def test_catalogs_that_cannot_be_read_leave_the_question_open() -> None:
    class Lost(FakeSession):
        async def fetch(self, query: str, *args: object) -> list:
            raise asyncpg.InsufficientPrivilegeError("denied")

    assert (await side_effect(Lost(), UNNAMED, "a1")).clause == UNKNOWN


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("REINDEX TABLE CONCURRENTLY t", "pg_catalog.to_regclass($1)"),
        ("REINDEX SCHEMA CONCURRENTLY app", "n.nspname = $1"),
        ("REINDEX DATABASE CONCURRENTLY d", "n.nspname !~ '^pg_'"),
    ],
)
async def test_what_was_indexed_again_is_searched(sql, where) -> None:
    asked: list[str] = []

    class Noting(FakeSession):
        async def fetch(self, query: str, *args: object) -> list:
            asked.append(query)
            return await super().fetch(query, *args)

    await side_effect(Noting(), sql, "a1")
    assert where in asked[0]


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('REINDEX TABLE CONCURRENTLY "App"."T"', '"App"."T"'),
        ('REINDEX SCHEMA CONCURRENTLY "App"', "App"),
    ],
)
async def test_a_relation_is_named_as_sql_and_a_schema_by_its_name(sql, name) -> None:
    session = FakeSession()
    await side_effect(session, sql, "a1")
    assert session.messages[-1].endswith(f" {name}")
