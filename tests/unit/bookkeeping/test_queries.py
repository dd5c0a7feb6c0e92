"""asyncmig.bookkeeping.queries: the word for a database's state, and what the journal is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from asyncmig.bookkeeping import queries
from asyncmig.bookkeeping.queries import (
    LogFilter,
    parse_timestamp,
    read_journal,
    read_status,
    wait_until_current,
)
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.config.settings import Settings
from asyncmig.errors import TargetError
from support.fake_server import FakeServer
from support.fake_session import FakeSession
from support.plans import partial
from support.revision_shorthand import graph

SETTINGS = Settings(script_location="migrations")
GRAPH = graph("a; b < a; c < b")
JOURNAL = [{"revision": "z", "down_revisions": ["c"]}, {"revision": "y", "down_revisions": ["b"]}]


@pytest.fixture
def status(monkeypatch):
    """A function: the status of a database with these rows and partially applied revisions."""

    async def ask(heads: str, *partially: str, has_journal: bool = True, tree=GRAPH):
        state = DatabaseState(
            heads=frozenset(heads.split()),
            schema="app",
            has_version_table=True,
            has_journal=has_journal,
            has_backfills=False,
            partial=tuple(partial(revision=name) for name in partially),
        )

        async def read_state(*_: object) -> DatabaseState:
            return state

        monkeypatch.setattr(queries, "read_state", read_state)
        session = FakeSession(rows={"down_revisions": JOURNAL})
        found, same = await read_status(session, SETTINGS, tree)
        assert same is state
        return found

    return ask


@pytest.mark.parametrize(
    ("heads", "partially", "name", "pending"),
    [
        ("", "", "empty", "a b c"),
        ("a", "", "pending", "b c"),
        ("c", "", "current", ""),
        ("b", "c", "partial", "c"),
        ("z", "", "ahead", ""),  # newer code has c below z
        ("y", "", "diverged", "c"),
        ("elsewhere", "", "diverged", "a b c"),
        ("c", "z", "ahead", ""),  # newer code has begun z
        ("a", "z", "pending", "b c"),
        ("a c", "", "current", ""),  # a superfluous row
    ],
)
async def test_the_word_for_a_state(status, heads, partially, name, pending) -> None:
    found = await status(heads, *partially.split())
    assert (found.state, " ".join(found.pending)) == (name, pending)
    assert [step.revision for step in found.partial] == partially.split()


async def test_without_a_journal_unknown_rows_have_no_known_ancestors(status) -> None:
    assert (await status("z", has_journal=False)).state == "diverged"


async def test_rows_that_overlap_leave_the_missing_heads_pending(status) -> None:
    tree = graph("a; b < a; c < a")
    assert (await status("a b", tree=tree)).pending == ("c",)


@pytest.mark.parametrize(("heads", "asks_journal"), [("a", False), ("z", True)])
async def test_the_journal_is_asked_about_unknown_rows_only(heads, asks_journal) -> None:
    server = FakeServer(heads.split(), rows={"down_revisions": JOURNAL})
    await read_status(server, SETTINGS, GRAPH)
    assert bool(server.messages) is asks_journal


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"state": "failed", "phase": 1, "statement": 3}, (1, "autocommit", 3)),
        ({"state": "done", "phase": 1, "statement": 3}, (2, None, 0)),  # phase 2 has no row yet
    ],
)
async def test_where_a_partially_applied_revision_continues(entry, place) -> None:
    server = FakeServer(["a"], partial=[{"revision": "b"} | entry])
    found, _ = await read_status(server, SETTINGS, GRAPH)
    (step,) = found.partial
    assert (step.phase, step.kind, step.statement) == place


@pytest.mark.parametrize("has_backfills", [True, False])
async def test_unfinished_backfills_belong_to_the_status(monkeypatch, has_backfills) -> None:
    async def read_backfills(session, tables, *, only_open: bool) -> tuple[str, ...]:
        return (f"those of {tables.schema}, {only_open=}",)

    monkeypatch.setattr(queries, "read_backfills", read_backfills)
    server = FakeServer(["c"], has_backfills=has_backfills)
    found, _ = await read_status(server, SETTINGS, GRAPH)
    assert found.backfills == (("those of public, only_open=True",) if has_backfills else ())


async def test_waiting_for_a_database_at_head_asks_once() -> None:
    server = FakeServer(["c"])
    assert (await wait_until_current(server, SETTINGS, GRAPH, None)).state == "current"
    assert server.log == ["state"]


async def test_waiting_asks_until_nothing_is_pending(monkeypatch) -> None:
    monkeypatch.setattr(queries, "SHORTEST_PAUSE", 0.0)
    rows = iter([frozenset(), frozenset({"a"}), frozenset({"c"}), frozenset()])

    async def read_state(*_: object) -> DatabaseState:
        return DatabaseState(
            heads=next(rows),
            schema="app",
            has_version_table=True,
            has_journal=True,
            has_backfills=False,
        )

    monkeypatch.setattr(queries, "read_state", read_state)
    assert (await wait_until_current(FakeSession(), SETTINGS, GRAPH, 20)).state == "current"
    assert (await wait_until_current(FakeSession(), SETTINGS, GRAPH, 0)).state == "empty"


async def test_waiting_asks_less_and_less_often(monkeypatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def read_state(*_: object) -> DatabaseState:
        rows = {"c"} if len(pauses) == 30 else set()
        return DatabaseState(
            heads=frozenset(rows),
            schema="app",
            has_version_table=True,
            has_journal=True,
            has_backfills=False,
        )

    monkeypatch.setattr(queries, "read_state", read_state)
    monkeypatch.setattr(queries.anyio, "sleep", sleep)
    assert (await wait_until_current(FakeSession(), SETTINGS, GRAPH, None)).ok
    first, second, *_, last = pauses
    assert (first, second) == (queries.SHORTEST_PAUSE, queries.SHORTEST_PAUSE * 1.5)
    assert last == queries.LONGEST_PAUSE == max(pauses)


@pytest.mark.parametrize("limit", [None, 0, 5, 2**63 - 1])
def test_limits_of_the_journal(limit) -> None:
    assert LogFilter(limit=limit).limit == limit


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limit": -1}, "-1 is not a number of entries"),
        ({"limit": 2**63}, "is not a number of entries"),
        ({"state": "over"}, "no entry of the journal has state 'over'"),
        ({"direction": "up"}, "no entry of the journal has direction 'up'"),
    ],
)
def test_what_no_entry_can_have_is_refused(given, message) -> None:
    with pytest.raises(TargetError, match=message):
        LogFilter(**given)


def test_words_that_entries_have() -> None:
    assert LogFilter(state="caught", direction="stamp").state == "caught"


def test_timestamps() -> None:
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert parse_timestamp("2026-01-02T12:00:00+00:00") == noon
    assert parse_timestamp(noon) == noon
    assert parse_timestamp(None) is None
    assert parse_timestamp("2026-01-02").tzinfo is not None
    with pytest.raises(TargetError, match="'yesterday' is not a timestamp"):
        parse_timestamp("yesterday")


BEGUN = datetime(2026, 1, 2, 12, tzinfo=UTC)
ENTRY = {
    "id": 7,
    "run": "7f2c",
    "revision": "a",
    "direction": "upgrade",
    "phase": 1,
    "kind": "autocommit",
    "state": "done",
    "statement": 2,
    "final": True,
    "checksum": "c0",
    "started_at": BEGUN,
    "finished_at": BEGUN + timedelta(seconds=90),
    "host": "here",
    "pid": 1,
    "application": "tests",
    "role": "app",
    "version": "1.0",
    "tag": "t",
    "error": None,
    "lock_wait": 0.5,
    "lock_held": 2.0,
    "lock_mode": "ShareLock",
    "lock_relation": "public.t",
}


@pytest.mark.parametrize(
    ("finished_at", "text", "elapsed"),
    [(ENTRY["finished_at"], "2026-01-02T12:01:30+00:00", 90.0), (None, None, None)],
)
async def test_an_entry_of_the_journal(finished_at, text, elapsed) -> None:
    server = FakeServer(
        rows={"FROM public.asyncmig_journal": [ENTRY | {"finished_at": finished_at}]}
    )
    (found,) = await read_journal(server, SETTINGS, LogFilter())
    assert found.started_at == "2026-01-02T12:00:00+00:00"
    assert (found.finished_at, found.elapsed) == (text, elapsed)
    same = ENTRY.keys() - {"started_at", "finished_at", "version"}
    assert {name: getattr(found, name) for name in same} == {name: ENTRY[name] for name in same}
    assert found.asyncmig_version == "1.0"


async def test_reading_the_journal_expects_no_tables() -> None:
    server = FakeServer(tables=False)
    assert await read_journal(server, SETTINGS, LogFilter()) == ()
    assert (server.log, server.messages) == (["tables"], [])
