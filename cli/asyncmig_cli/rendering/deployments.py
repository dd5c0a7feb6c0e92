"""The plan and the result of a deployment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, duration
from asyncmig_cli.rendering.files import near
from asyncmig_cli.rendering.locks.impacts import impact_lines
from asyncmig_cli.rendering.plans import plan_lines

if TYPE_CHECKING:
    from asyncmig.deploy import DeploymentPlan, DeployResult

__all__ = ["deployment_plan_lines", "deployment_result_lines"]


def deployment_plan_lines(plan: "DeploymentPlan", stream: Stream) -> Iterator[str]:
    """The database, its pending revisions, and the plan with its SQL."""
    name = stream.style(plan.database, "bold")
    yield f"{name} on PostgreSQL {plan.server}, at {', '.join(plan.current) or '<base>'}"
    pending = ", ".join(plan.pending)
    yield f"pending: {count(len(plan.pending), 'revision')}" + (f" ({pending})" if pending else "")
    yield ""
    yield from plan_lines(plan.plan, stream)
    yield ""
    if plan.impact is not None:
        yield from impact_lines(plan.impact, stream)
        yield ""


def deployment_result_lines(result: "DeployResult", stream: Stream) -> Iterator[str]:
    """The backup, the revisions applied, and the check of the result."""
    if result.backup is not None:
        backup = result.backup
        yield f"backup    {near(backup.path)}, {_size(backup.size)} in {duration(backup.elapsed)}"
        yield f"restore   {backup.restore}"
    if not result.applied:
        yield f"nothing to deploy: the database is at {', '.join(result.after) or '<base>'}"
    else:
        before, after = (", ".join(heads) or "<base>" for heads in (result.before, result.after))
        yield f"applied   {before} → {after}: {count(len(result.applied), 'revision')}"
        yield "verified  the database is at the end of the plan"
    if result.vacuumed:
        yield "vacuumed  and analyzed"
    if result.applied:
        done = stream.style("deployed", "green", "bold")
        yield f"{done} {result.database} in {duration(result.elapsed)}"


def _size(number: int) -> str:
    if number < 1000:
        return count(number, "byte")
    size, units = number / 1000, ["kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.3g} {units[0]}"
