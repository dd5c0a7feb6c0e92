"""What each mode asks of the migrator, and what it refuses to start on."""

from __future__ import annotations

import asyncio

import pytest

from asyncmig.errors import ConfigError, NotCurrentError, StatementFailedError
from asyncmig.integrations.startup import DEFAULT_TIMEOUT, Startup
from asyncmig.integrations.workers import migrated
from asyncmig.results import PartialStep
from support.fake_migrator import FakeMigrator


@pytest.mark.parametrize(
    ("mode", "calls"),
    [
        ("upgrade", ["upgrade"]),
        ("wait", [("wait", DEFAULT_TIMEOUT)]),
        ("check", ["status"]),
        ("off", []),
    ],
)
async def test_each_mode_makes_one_call(mode, calls):
    migrator = FakeMigrator()
    async with migrated(migrator, mode=mode):
        assert migrator.calls == calls
    assert migrator.calls == calls


async def test_the_time_to_wait_is_handed_on():
    migrator = FakeMigrator()
    async with migrated(migrator, mode="wait", timeout=None):
        assert migrator.calls == [("wait", None)]


def test_an_unknown_mode_is_refused_before_anything_runs():
    with pytest.raises(ConfigError, match="no mode 'migrate'") as caught:
        Startup(migrator=FakeMigrator(), mode="migrate")  # type: ignore[arg-type]  # what a user may write
    assert caught.value.hint == "one of upgrade, wait, check, off"


@pytest.mark.parametrize("state", ["current", "ahead"])
async def test_check_is_content_with_a_database_that_has_everything(state):
    migrator = FakeMigrator(state)
    await Startup(migrator=migrator, mode="check").run()
    assert migrator.calls == ["status"]


@pytest.mark.parametrize(
    ("state", "facts", "message"),
    [
        ("pending", {"pending": ("b2",)}, "the database is behind: 1 revision pending: b2"),
        (
            "empty",
            {"pending": tuple("abcdefg")},
            "the database is behind: 7 revisions pending: a, b, c, d, e and 2 more",
        ),
        ("diverged", {"unknown": ("c3",)}, "the database is at c3, which this code does not have"),
        (
            "partial",
            {
                "partial": (
                    PartialStep(
                        revision="b2",
                        direction="upgrade",
                        phase=1,
                        kind="autocommit",
                        statement=0,
                    ),
                )
            },
            "b2 is partially applied",
        ),
    ],
)
async def test_check_refuses_any_other(state, facts, message):
    with pytest.raises(NotCurrentError) as caught:
        await Startup(migrator=FakeMigrator(state, **facts), mode="check").run()
    assert str(caught.value) == message
    assert caught.value.hint
    assert caught.value.fields() == {
        "state": state,
        "current": ["a1"],
        "pending": list(facts.get("pending", ())),
    }


async def test_a_failure_carries_its_hint_into_the_traceback_once():
    error = StatementFailedError("the statement failed", hint="mend the script")
    startup = Startup(migrator=FakeMigrator(fails=error))
    for _ in range(2):
        with pytest.raises(StatementFailedError) as caught:
            await startup.run()
        assert caught.value is error
    assert error.__notes__ == ["hint: mend the script"]


async def test_errors_that_are_not_ours_pass_unchanged():
    with pytest.raises(ZeroDivisionError):
        await Startup(migrator=FakeMigrator(fails=ZeroDivisionError())).run()


class TestWhereTheMigratorComesFrom:
    async def test_a_function(self):
        migrator = FakeMigrator()
        await Startup(migrator=lambda: migrator).run()
        assert migrator.calls == ["upgrade"]

    async def test_a_coroutine_function_as_often_as_wanted(self):
        made = []

        async def make():
            made.append(FakeMigrator())
            return made[-1]

        startup = Startup(migrator=make)
        await startup.run()
        await startup.run()
        assert [migrator.calls for migrator in made] == [["upgrade"], ["upgrade"]]

    async def test_something_to_await(self):
        migrator = FakeMigrator()

        async def make():
            return migrator

        await Startup(migrator=make()).run()
        assert migrator.calls == ["upgrade"]

    async def test_nobody_is_asked_in_mode_off(self):
        made = []
        await Startup(migrator=lambda: made.append(FakeMigrator()), mode="off").run()
        assert not made


async def test_the_block_does_not_begin_when_the_migration_fails():
    begun = False
    with pytest.raises(StatementFailedError):
        async with migrated(FakeMigrator(fails=StatementFailedError("no"))):
            begun = True
    assert not begun


async def test_cancelled_while_it_migrates_it_leaves_nothing_behind():
    migrator = FakeMigrator(gate=asyncio.Event())
    before = asyncio.all_tasks()

    async def work():
        async with migrated(migrator):
            raise AssertionError("never entered")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert migrator.calls == ["upgrade", "cancelled"]
    assert asyncio.all_tasks() == before
