"""``asyncmig plan``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Wait, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan

EXAMPLES = {
    "asyncmig plan": "show what `asyncmig upgrade` would run",
    "asyncmig plan -1 --downgrade": "show what taking back the last revision would run",
    "asyncmig plan head --from base": "plan for an empty database, without one",
}
DOCUMENT = 'Plan; of several databases {"databases": {NAME: Plan}}'


def plan(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="As for upgrade, or for downgrade.",
        ),
    ] = "heads",
    downgrade: Annotated[bool, typer.Option("--downgrade", help="Plan the way down.")] = False,
    current: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="REVISION",
            help="Plan from this revision, or base, instead of asking the database; repeatable.",
        ),
    ] = None,
    wait: Wait = None,
) -> None:
    """Show steps, phases and statements before anything runs."""
    from asyncmig_cli.rendering.databases import plan_each, show_plans

    start = None if current is None else [one for one in current if one != "base"]
    direction = "downgrade" if downgrade else "upgrade"

    async def work(migrator: "Migrator") -> "Mapping[str, Plan]":
        return await plan_each(migrator, target, direction, start)

    found = invocation.migrate(
        work, progress=True, wait_for_database=seconds("--wait-for-database", wait)
    )
    show_plans(invocation, found)
