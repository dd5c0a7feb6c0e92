"""The impact of the plan of each database."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import Impact

__all__ = ["assess_each", "impact_document", "show_impacts"]


async def assess_each(
    migrator: "Migrator", plans: "Mapping[str, Plan]", *, offline: bool
) -> "Mapping[str, tuple[Plan, Impact]]":
    """The impact of each plan on its database; ``offline`` asks no database, but the table of facts."""
    if offline:
        from asyncmig.locks.facts import NEWEST_MAJOR
        from asyncmig.locks.impact import known_impact

        return {
            name: (plan, known_impact(plan, major=NEWEST_MAJOR)) for name, plan in plans.items()
        }
    if len(plans) == 1:
        return {name: (plan, await migrator.impact(plan)) for name, plan in plans.items()}
    members = {one.name: one for one in await migrator.databases()}
    return {name: (plan, await members[name].impact(plan)) for name, plan in plans.items()}


def impact_document(plan: "Plan", impact: "Impact") -> dict[str, object]:
    """The plan with its impact as plain data."""
    facts = impact.to_dict()
    statements = facts.pop("statements")
    return {**plan.to_dict(), "impact": statements, "impact_facts": facts}


def show_impacts(
    invocation: Invocation, found: "Mapping[str, tuple[Plan, Impact]]", *, verbose: bool
) -> None:
    """Print a plan's impact, or that of each database."""
    from asyncmig_cli.rendering.locks.impacts import impact_lines
    from asyncmig_cli.rendering.plans import plan_lines

    def lines(assessed: "tuple[Plan, Impact]", stream: Stream) -> Iterator[str]:
        plan, impact = assessed
        if not plan.steps:
            yield from plan_lines(plan, stream)
            return
        yield from impact_lines(impact, stream, verbose=verbose)

    invocation.show_each(found, lambda assessed: impact_document(*assessed), lines)
