"""asyncmig.bookkeeping.rewrite_facts: what safe rewrites learn from a database and its journal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from asyncmig.bookkeeping.rewrite_facts import needs_facts_column, read_rewriting
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.config.settings import Settings
from asyncmig.sql.reader import SqlName
from support.fake_session import FakeSession
from support.plans import partial

STATE = DatabaseState(
    heads=frozenset(), schema="app", has_version_table=True, has_journal=True, has_backfills=False
)
LISTS = ("partitioned", "indexes", "refreshable", "without_key", "volatile_functions")
NOTHING = {"version": 18} | dict.fromkeys(LISTS)


def settings(**fields) -> Settings:
    return Settings(script_location="migrations", **fields)


def database(facts: dict | None = None, recorded: str | None = None, **options) -> FakeSession:
    rows = {
        "rewrite_facts": [{"revision": "a1", "facts": recorded}],
        "WITH relation": [NOTHING | (facts or {})],
    }
    return FakeSession(rows=rows, **options)


@pytest.mark.parametrize(("present", "needed"), [(True, False), (False, True)])
async def test_an_older_journal_has_no_place_for_the_answers(present, needed) -> None:
    session = FakeSession(rows={"SELECT EXISTS": [{"present": present}]})
    assert await needs_facts_column(session, settings(), STATE) is needed


@pytest.mark.parametrize(
    ("journal", "state"), [(False, STATE), (True, replace(STATE, has_journal=False))]
)
async def test_without_a_journal_none_is_asked_for(journal, state) -> None:
    session = FakeSession()
    assert await needs_facts_column(session, settings(journal=journal), state) is False
    assert session.messages == []


async def test_no_rewrites_are_made_unless_they_are_configured() -> None:
    session = database()
    assert await read_rewriting(session, settings(safe_rewrites=False), STATE) is None
    assert session.messages == []


async def test_answers_that_a_partial_revision_has_recorded_are_used_again() -> None:
    state = replace(STATE, partial=(partial(),))
    off = settings(safe_rewrites=False)
    assert await read_rewriting(database(), off, state) is None
    found = await read_rewriting(database(recorded=json.dumps({"a": 1})), off, state)
    assert found is not None
    without = settings(safe_rewrites=False, journal=False)
    assert await read_rewriting(database(recorded="{}"), without, state) is None


async def test_relations_are_named_with_and_without_their_schema() -> None:
    tree = [["app", "p1", "app", "p", "r"]]
    facts = {
        "partitioned": json.dumps([["app", "p", True, True, tree], ["b", "q", False, False, None]]),
        "indexes": json.dumps([["app", "i", True], ["b", "j", False]]),
        "refreshable": json.dumps([["app", "v", False]]),
        "without_key": json.dumps([["app", "log", True]]),
        "volatile_functions": json.dumps(["make_code"]),
    }
    found = await read_rewriting(database(facts), settings(safe_rewrites=True), STATE)
    assert found is not None
    read = found.database
    assert read.version == 18
    assert set(read.partitions) == {SqlName("app", "p"), SqlName(None, "p"), SqlName("b", "q")}
    (partition,) = read.partitions[SqlName(None, "p")]
    assert partition.name == SqlName("app", "p1")
    assert read.partitions[SqlName("b", "q")] == ()
    assert read.with_default_partition == {SqlName("app", "p"), SqlName(None, "p")}
    assert read.partitioned_indexes == {SqlName("app", "i"), SqlName(None, "i"), SqlName("b", "j")}
    assert read.refreshable == {SqlName("app", "v")}
    assert read.without_key == {SqlName("app", "log"), SqlName(None, "log")}
    assert read.volatile_functions == {"make_code"}


async def test_a_database_without_such_relations() -> None:
    found = await read_rewriting(database(), settings(safe_rewrites=True), STATE)
    assert found is not None
    assert (found.database.partitions, found.database.refreshable) == ({}, frozenset())


@pytest.mark.parametrize(
    ("options", "fields", "obstacle"),
    [
        ({}, {}, None),
        ({"caller_transaction": True}, {}, "the caller's transaction cannot be divided"),
        ({}, {"transaction": "all"}, 'transaction = "all" commits nothing in between'),
    ],
)
async def test_what_prevents_rewrites(options, fields, obstacle) -> None:
    found = await read_rewriting(database(**options), settings(safe_rewrites=True, **fields), STATE)
    assert found is not None
    assert found.obstacle == obstacle


async def test_answers_that_say_that_no_rewrite_was_made_make_none() -> None:
    state = replace(STATE, partial=(partial(),))
    recorded = json.dumps({"safe_rewrites": False})
    found = await read_rewriting(database(recorded=recorded), settings(safe_rewrites=False), state)
    assert found is None
