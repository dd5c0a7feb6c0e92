"""Upgrades and downgrades that follow one another on one session."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.errors import StatementFailedError
from asyncmig.migrator.base import project_of
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest


def up(target: str) -> RunRequest:
    return RunRequest(target=target, direction=Direction.UPGRADE)


def down(target: str) -> RunRequest:
    return RunRequest(target=target, direction=Direction.DOWNGRADE)


@pytest.fixture
async def runner(project, database_url):
    migrator = Migrator(database_url, script_location=project.script_location)
    return await project_of(migrator).runner()


async def test_each_run_commits_and_sees_what_the_last_has_left(project, runner, pg):
    project.revision(
        "a1", upgrade="op.execute('CREATE TABLE t ()')", downgrade="op.drop_table('t')"
    )
    project.revision("a2", down="a1", upgrade="op.execute('CREATE TABLE u ()')")
    table = "SELECT to_regclass('t')::text"
    async with runner.stepwise() as steps:
        assert (await steps.run(up("a1"))).after == ("a1",)
        assert await pg.fetchval(table) == "t"
        assert (await steps.run(down("base"))).applied[0].revision == "a1"
        assert await pg.fetchval(table) is None
        assert [one.revision for one in (await steps.run(up("heads"))).applied] == ["a1", "a2"]
        assert (await steps.run(up("heads"))).applied == ()


async def test_settings_of_a_script_end_with_its_run(project, runner, pg):
    project.revision(
        "a1", upgrade="op.execute('CREATE SCHEMA s'); op.execute('SET search_path = s')"
    )
    project.revision("a2", down="a1", upgrade="op.execute('CREATE TABLE t ()')")
    async with runner.stepwise() as steps:
        await steps.run(up("a1"))
        await steps.run(up("a2"))
    assert await pg.fetchval("SELECT to_regclass('public.t')::text") == "t"


async def test_a_failure_names_only_what_its_own_run_has_applied(project, runner):
    project.revision("a1", upgrade="op.execute('CREATE TABLE t ()')")
    project.revision("a2", down="a1", upgrade="op.execute('SELECT 1 / 0')")
    async with runner.stepwise() as steps:
        await steps.run(up("a1"))
        with pytest.raises(StatementFailedError, match="division by zero") as caught:
            await steps.run(up("a2"))
    assert caught.value.applied == ()
