"""``asyncmig plan``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import Impact

EXAMPLES = {
    "asyncmig plan": "what `asyncmig upgrade` would run",
    "asyncmig plan -1 --downgrade": "what reverting one revision would run",
    "asyncmig plan head --from base": "for an empty database; needs none",
    "asyncmig plan --locks": "what each statement locks, rewrites and scans",
}
DOCUMENT = (
    'Plan, with --locks also "impact": [StatementImpact] and "impact_facts"; '
    'of several databases {"databases": {NAME: Plan}}'
)


def plan(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="As for upgrade or downgrade.",
        ),
    ] = "heads",
    downgrade: Annotated[
        bool, typer.Option("--downgrade", help="Plan a downgrade instead of an upgrade.")
    ] = False,
    current: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="REVISION",
            help="Start at this revision, or base; needs no database. Repeatable.",
        ),
    ] = None,
    locks: Annotated[
        bool,
        typer.Option(
            "--locks",
            help="Show what each statement locks, rewrites and scans, traced in a schema-only copy.",
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="With --locks, name every lock.")
    ] = False,
    wait: Wait = None,
) -> None:
    """Show the steps, phases and statements that would run."""
    from asyncmig_cli.runtime.several_databases import plan_each, show_plans

    if verbose and not locks:
        raise UsageError("-v names locks, and --locks is missing", "add --locks")

    start = None if current is None else [one for one in current if one != "base"]

    async def work(migrator: "Migrator") -> "Mapping[str, Plan]":
        return await plan_each(migrator, target, "downgrade" if downgrade else "upgrade", start)

    settings = run_settings(wait=wait)
    if locks:
        from asyncmig_cli.runtime.plan_impacts import assess_each, show_impacts

        async def assessed(migrator: "Migrator") -> "Mapping[str, tuple[Plan, Impact]]":
            return await assess_each(migrator, await work(migrator), offline=start is not None)

        show_impacts(
            invocation, invocation.migrate(assessed, progress=True, **settings), verbose=verbose
        )
        return
    show_plans(invocation, invocation.migrate(work, progress=True, **settings))
