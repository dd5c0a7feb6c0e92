"""``asyncmig deploy``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import (
    DryRun,
    LockRetries,
    LockTimeout,
    LockWait,
    NoLock,
    Tag,
    TransactionWait,
    Wait,
    run_settings,
)
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.deploy import DeploymentPlan, DeployResult
    from asyncmig.locks.levels import ImpactLevel
    from asyncmig.migrator import Migrator

EXAMPLES = {
    "asyncmig deploy --dry-run": "show the state and the plan",
    "asyncmig deploy --backup before.dump": "with a backup",
    "asyncmig deploy --yes --rollback-on-failure": "in a pipeline",
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
        bool,
        typer.Option("-y", "--yes", help="Do not ask; needed in a pipe."),
    ] = False,
    backup: Annotated[
        str | None,
        typer.Option("--backup", metavar="FILE", help="Run pg_dump before it, into FILE."),
    ] = None,
    rollback_on_failure: Annotated[
        bool,
        typer.Option("--rollback-on-failure", help="Downgrade if a revision fails."),
    ] = False,
    vacuum_analyze: Annotated[
        bool, typer.Option("--vacuum-analyze", help="Run VACUUM (ANALYZE) at the end.")
    ] = False,
    max_impact: Annotated[
        str | None,
        typer.Option(
            "--max-impact",
            metavar="LEVEL",
            help="Refuse a statement above this level: none, brief, writes, everything.",
        ),
    ] = None,
    dry_run: DryRun = False,
    tag: Tag = None,
    lock_timeout: LockTimeout = None,
    lock_retries: LockRetries = None,
    transaction_wait: TransactionWait = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> int | None:
    """Show the plan, ask, back up, apply, and check the result."""
    if ":" in target:
        message = f"{target!r} is a range, and a deployment starts where the database is"
        raise UsageError(message, "give the revision to end at")
    settings = run_settings(
        tag=tag,
        lock_timeout=lock_timeout,
        lock_retries=lock_retries,
        transaction_wait=transaction_wait,
        lock_wait=lock_wait,
        no_lock=no_lock,
        wait=wait,
    )
    if not (yes or dry_run) and (invocation.options.json or not _has_terminal()):
        message = "a deployment must be confirmed, and there is no terminal to ask at"
        raise UsageError(message, "give --yes to deploy, or --dry-run to see the plan")

    from asyncmig_cli.rendering.deployments import deployment_plan_lines, deployment_result_lines

    async def plan(migrator: "Migrator") -> "DeploymentPlan":
        from asyncmig.deploy import plan_deployment

        # with --yes and without a limit, no decision depends on it
        impact = dry_run or not yes or max_impact is not None
        return await plan_deployment(migrator, target, impact=impact)

    highest = None if max_impact is None else _level(max_impact)
    planned = invocation.migrate(plan, progress=True, **settings)
    if dry_run:
        invocation.show(planned.to_dict(), lambda stream: deployment_plan_lines(planned, stream))
        return None
    if invocation.is_verbal:
        for line in deployment_plan_lines(planned, invocation.console.out):
            invocation.console.out.line(line)
    if highest is not None and planned.impact is not None:
        from asyncmig.deploy.max_impact import check_impact

        check_impact(planned.impact, highest)
    if not yes and planned.pending and not _is_confirmed(invocation, planned):
        invocation.note("not confirmed: nothing was run")
        return ExitCode.ERROR

    async def work(migrator: "Migrator") -> "DeployResult":
        from asyncmig.deploy import deploy as run

        return await run(
            migrator,
            target,
            plan=planned,
            backup=Path(backup) if backup else None,
            rollback_on_failure=rollback_on_failure,
            vacuum_analyze=vacuum_analyze,
            max_impact=max_impact,
        )

    result = invocation.migrate(work, progress=True, **settings)
    invocation.confirm(result.to_dict(), lambda stream: deployment_result_lines(result, stream))
    return None


def _level(name: str) -> "ImpactLevel":
    from asyncmig.deploy.max_impact import parse_level
    from asyncmig.errors import PlanError

    try:
        return parse_level(name)
    except PlanError as error:
        raise UsageError(error.message, error.hint) from error


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _is_confirmed(invocation: Invocation, planned: "DeploymentPlan") -> bool:
    err = invocation.console.err
    invocation.console.out.flush()
    try:
        err.write(f"deploy this to {planned.database}? [y/N] ")
        err.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        err.line()
        invocation.note("not confirmed: nothing was run")
        raise
