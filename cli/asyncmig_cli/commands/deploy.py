"""``asyncmig deploy``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.exits import ExitCode
from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import (
    DryRun,
    LockRetries,
    LockTimeout,
    LockWait,
    NoLock,
    Tag,
    Wait,
    seconds,
)

if TYPE_CHECKING:
    from asyncmig.deploy.deploy import DeploymentPlan, DeployResult
    from asyncmig.migrator import Migrator

EXAMPLES = {
    "asyncmig deploy --dry-run": "show where the database stands and what would run",
    "asyncmig deploy --backup before.dump": "show it, ask, back up, apply, verify",
    "asyncmig deploy --yes --rollback-on-failure": "in a pipeline, where nobody can be asked",
}
DOCUMENT = "DeployResult; with --dry-run DeploymentPlan"


def deploy(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="head, heads, a full or partial id, +N, label@head.",
        ),
    ] = "heads",
    yes: Annotated[
        bool, typer.Option("-y", "--yes", help="Do not ask. Needed where nobody can answer.")
    ] = False,
    backup: Annotated[
        str | None,
        typer.Option(
            "--backup",
            metavar="FILE",
            help="First write the database to this file with pg_dump; plain SQL if it ends in .sql.",
        ),
    ] = None,
    rollback_on_failure: Annotated[
        bool,
        typer.Option(
            "--rollback-on-failure",
            help="Downgrade what this call applied when it fails; refused when a downgrade is missing.",
        ),
    ] = False,
    vacuum_analyze: Annotated[
        bool, typer.Option("--vacuum-analyze", help="Afterwards VACUUM (ANALYZE) the database.")
    ] = False,
    dry_run: DryRun = False,
    tag: Tag = None,
    lock_timeout: LockTimeout = None,
    lock_retries: LockRetries = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> int | None:
    """Show what is pending, ask, back up, apply, and verify."""
    if ":" in target:
        message = f"{target!r} is a range, and a deployment goes from where the database stands"
        raise UsageProblem(message, "give the revision to end at")
    overrides = {
        "tag": tag,
        "lock_timeout": seconds("--lock-timeout", lock_timeout),
        "lock_retries": lock_retries,
        "lock": False if no_lock else None,
        "lock_wait": seconds("--lock-wait", lock_wait),
        "wait_for_database": seconds("--wait-for-database", wait),
    }
    if not (yes or dry_run) and (invocation.options.json or not _somebody_is_there()):
        message = "a deployment must be confirmed, and here nobody can be asked"
        raise UsageProblem(message, "give --yes to deploy, or --dry-run to look")

    from asyncmig_cli.rendering.deployments import deployed_lines, survey_lines

    async def look(migrator: "Migrator") -> "DeploymentPlan":
        from asyncmig.deploy.deploy import plan_deployment

        return await plan_deployment(migrator, target)

    survey = invocation.migrate(look, progress=True, **overrides)
    if dry_run:
        invocation.show(survey.to_dict(), lambda stream: survey_lines(survey, stream))
        return None
    if invocation.says:
        for line in survey_lines(survey, invocation.console.out):
            invocation.console.out.line(line)
    if not yes and survey.pending and not _confirmed(invocation, survey):
        invocation.note("not confirmed: nothing was run")
        return ExitCode.ERROR

    async def work(migrator: "Migrator") -> "DeployResult":
        from asyncmig.deploy.deploy import deploy as run

        return await run(
            migrator,
            target,
            survey=survey,
            backup=Path(backup) if backup else None,
            rollback_on_failure=rollback_on_failure,
            vacuum_analyze=vacuum_analyze,
        )

    result = invocation.migrate(work, progress=True, **overrides)
    invocation.confirm(result.to_dict(), lambda stream: deployed_lines(result, stream))
    return None


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _confirmed(invocation: Invocation, survey: "DeploymentPlan") -> bool:
    err = invocation.console.err
    invocation.console.out.flush()
    try:
        err.write(f"deploy this to {survey.database}? [y/N] ")
        err.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        err.line()
        invocation.note("not confirmed: nothing was run")
        raise
