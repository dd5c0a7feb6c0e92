"""RAISE NOTICE and WARNING reach ``on_event``, from every kind of statement and script."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.events import Event, ServerNotice

RAISE = (
    "DO $$ BEGIN RAISE WARNING 'seven rows'"
    " USING DETAIL = 'of t', HINT = 'look', ERRCODE = '01P01'; END $$"
)
EXPECTED = ServerNotice(
    severity="WARNING", message="seven rows", detail="of t", hint="look", sqlstate="01P01"
)


def notices(events: list[Event]) -> list[ServerNotice]:
    return [event for event in events if isinstance(event, ServerNotice)]


@pytest.mark.parametrize(
    ("upgrade", "signature"),
    [
        (f"op.execute({RAISE!r})", "def {name}(op) -> None:"),
        (f"op.get_bind().exec_driver_sql({RAISE!r})", "def {name}(op) -> None:"),
        (f"await op.fetch('SELECT 1'); op.execute({RAISE!r})", "async def {name}(op) -> None:"),
        (f"with op.autocommit():\n    op.execute({RAISE!r})", "def {name}(op) -> None:"),
    ],
)
async def test_a_warning(project, database_url, upgrade, signature):
    project.revision("a1", upgrade=upgrade, signature=signature)
    events: list[Event] = []
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=events.append
    )
    await migrator.upgrade()
    assert notices(events) == [EXPECTED]


async def test_asyncmigs_own_statements_raise_none(project, database_url):
    project.revision("a1", upgrade="op.execute('CREATE TABLE IF NOT EXISTS t ()')")
    project.revision("a2", down="a1", upgrade="op.execute('CREATE TABLE IF NOT EXISTS t ()')")
    events: list[Event] = []
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=events.append
    )
    await migrator.upgrade()
    await migrator.downgrade("base")
    messages = [notice.message for notice in notices(events)]
    assert messages == ['relation "t" already exists, skipping']


async def test_the_session_decides_which_are_sent(project, database_url):
    project.revision(
        "a1", upgrade=f"op.execute('SET client_min_messages = error')\nop.execute({RAISE!r})"
    )
    events: list[Event] = []
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=events.append
    )
    await migrator.upgrade()
    assert notices(events) == []


async def test_what_the_callback_raises_ends_the_run(project, database_url):
    project.revision("a1", upgrade=f"op.execute({RAISE!r})")

    def on_event(event: Event) -> None:
        if isinstance(event, ServerNotice):
            raise RuntimeError("no more")

    migrator = Migrator(database_url, script_location=project.script_location, on_event=on_event)
    with pytest.raises(RuntimeError, match="no more"):
        await migrator.upgrade()
