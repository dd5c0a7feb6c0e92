"""A deployment before and after."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncmig_cli.console import Stream
from asyncmig_cli.rendering.durations import count, duration
from asyncmig_cli.rendering.files import near
from asyncmig_cli.rendering.plans import plan_lines

if TYPE_CHECKING:
    from asyncmig.deploy.deploy import DeploymentPlan, DeployResult

__all__ = ["deployed_lines", "survey_lines"]


def survey_lines(survey: "DeploymentPlan", stream: Stream) -> Iterator[str]:
    """Where the database stands, what is pending, and the plan with its SQL."""
    name = stream.style(survey.database, "bold")
    yield f"{name} on PostgreSQL {survey.server}, at {', '.join(survey.current) or '<base>'}"
    pending = ", ".join(survey.pending)
    yield f"pending: {count(len(survey.pending), 'revision')}" + (
        f" ({pending})" if pending else ""
    )
    yield ""
    yield from plan_lines(survey.plan, stream)
    yield ""


def deployed_lines(result: "DeployResult", stream: Stream) -> Iterator[str]:
    """What was done."""
    if result.backup is not None:
        backup = result.backup
        yield f"backup    {near(backup.path)}, {_size(backup.size)} in {duration(backup.elapsed)}"
    if not result.applied:
        yield f"nothing to deploy: the database stands at {', '.join(result.after) or '<base>'}"
    else:
        before, after = (", ".join(heads) or "<base>" for heads in (result.before, result.after))
        yield f"applied   {before} → {after}: {count(len(result.applied), 'revision')}"
        yield "verified  the database is where the plan ends"
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
