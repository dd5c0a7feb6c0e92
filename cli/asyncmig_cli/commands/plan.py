"""``asyncmig plan``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan

EXAMPLES = {
    "asyncmig plan": "what `asyncmig upgrade` would run",
    "asyncmig plan -1 --downgrade": "what reverting one revision would run",
    "asyncmig plan head --from base": "for an empty database; needs none",
}
DOCUMENT = 'Plan; of several databases {"databases": {NAME: Plan}}'


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
    wait: Wait = None,
) -> None:
    """Show the steps, phases and statements that would run."""
    from asyncmig_cli.runtime.several_databases import plan_each, show_plans

    start = None if current is None else [one for one in current if one != "base"]

    async def work(migrator: "Migrator") -> "Mapping[str, Plan]":
        return await plan_each(migrator, target, "downgrade" if downgrade else "upgrade", start)

    found = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    show_plans(invocation, found)
