"""What ``upgrade`` and ``downgrade`` do with their options: run the steps, preview them, print SQL."""

from typing import TYPE_CHECKING, Literal

from asyncmig_cli.errors import UsageError
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import RunResult

__all__ = ["run_steps"]


def run_steps(
    invocation: Invocation,
    direction: Literal["upgrade", "downgrade"],
    target: str,
    *,
    sql: bool,
    dry_run: bool,
    settings: dict[str, object],
) -> None:
    """Run the steps to a target, show their plan, or print them as SQL.

    Args:
        invocation: the call.
        direction: ``upgrade`` or ``downgrade``.
        target: a target expression; with ``sql`` also a range.
        sql: print a script for psql and run nothing.
        dry_run: show the plan and run nothing.
        settings: the settings that the command's options change.
    """
    if sql and dry_run:
        message = "--sql and --dry-run exclude each other"
        raise UsageError(message, "--sql prints the script, --dry-run shows the plan")
    if sql and direction == "downgrade" and ":" not in target:
        message = f"downgrade --sql needs a range, and {target!r} is not one"
        raise UsageError(message, "write FROM:TO, for example head:base")
    if ":" in target and not sql:
        message = f"{target!r} is a range, and a run starts where the database is"
        raise UsageError(message, "give the revision to end at; ranges are for --sql")

    if sql:
        invocation.console.reserve()

        async def script(migrator: "Migrator") -> str:
            return await migrator.sql(target, direction=direction)

        invocation.show_sql(invocation.migrate(script, progress=False, **settings))
        return

    if dry_run:
        from asyncmig_cli.runtime.several_databases import plan_each, show_plans

        async def plan(migrator: "Migrator") -> "Mapping[str, Plan]":
            return await plan_each(migrator, target, direction)

        show_plans(invocation, invocation.migrate(plan, progress=True, **settings))
        return

    async def run(migrator: "Migrator") -> "RunResult":
        method = migrator.upgrade if direction == "upgrade" else migrator.downgrade
        return await method(target)

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import run_lines

    result = invocation.migrate(run, progress=True, **settings)
    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, run_lines))
