"""A user's program: every kind of call of the API, as ``mypy --strict`` checks it."""

from __future__ import annotations

from typing import assert_type

from asyncmig import Decision, Direction, Migrator, Plan, RunResult, Status, errors, events
from asyncmig.deploy import DeploymentPlan, plan_deployment
from asyncmig.results import CheckResult, JournalEntry, RevisionInfo, ValidationReport


def show(event: events.Event) -> None:
    if isinstance(event, events.StepFinished):
        assert_type(event.elapsed, float)


async def run() -> None:
    migrator = Migrator("postgresql://app@db/app", script_location="migrations", on_event=show)
    assert_type(Migrator.from_config("asyncmig.toml", name="app"), Migrator)
    assert_type(await migrator.databases(), tuple[Migrator, ...])
    assert_type(await migrator.plan("head", direction="downgrade"), Plan)
    assert_type(await migrator.plan("head", direction=Direction.UPGRADE), Plan)
    assert_type(await migrator.sql("base:head", direction="upgrade"), str)
    assert_type(await migrator.upgrade("head", tag="release"), RunResult)
    assert_type(await migrator.status(), Status)
    assert_type(await migrator.check(), CheckResult)
    assert_type(await migrator.journal(5, state="failed"), tuple[JournalEntry, ...])
    assert_type(await migrator.heads(), tuple[RevisionInfo, ...])
    assert_type(await migrator.validate(), ValidationReport)
    assert_type(await plan_deployment(migrator), DeploymentPlan)
    await migrator.resolve("ae10", "retry")
    await migrator.resolve("ae10", Decision.DONE)
    await migrator.revision("add phone", confirm_rename=lambda found: found.kind == "column")


def explain(error: errors.AsyncmigError) -> str | None:
    match error:
        case errors.RevisionNotFoundError():
            assert_type(error.revision, str)
            assert_type(error.nearest, tuple[str, ...])
        case errors.StatementFailedError():
            assert_type(error.sqlstate, str | None)
            assert_type(error.phase, int | None)
            assert_type(error.applied, tuple[str, ...])
        case errors.ConfigKeyError():
            assert_type(error.key, str)
            assert_type(error.line, int | None)
        case errors.NotCurrentError():
            assert_type(error.pending, tuple[str, ...])
        case _:
            pass
    return error.hint
