"""Running steps that a caller of Alembic's API has chosen."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from asyncmig.bookkeeping.tables import Bookkeeping
from asyncmig.errors import PlanError
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from asyncmig.revisions.graph.moves import moves_down, moves_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.project.project import Project

__all__ = ["run_steps"]


async def run_steps(
    project: Project,
    steps: Sequence[Any],
    rows: Sequence[str],
    tag: str | None,
    *,
    offline: bool = False,
) -> str | None:
    """Run steps in order.

    Args:
        project: of one database.
        steps: ``RevisionStep`` and ``StampStep`` objects.
        rows: the rows of the version table.
        tag: for the journal.
        offline: write a script for psql instead.

    Returns:
        The script, offline.

    Raises:
        PlanError: offline, steps of several kinds.
        AsyncmigError: as ``Migrator.upgrade``.
    """
    groups = [
        (kind, list(found))
        for kind, found in groupby(steps, key=lambda step: (step.is_stamp, step.is_upgrade))
    ]
    if offline:
        if len(groups) > 1 or any(is_stamp for (is_stamp, _), _ in groups):
            raise PlanError("a script for psql takes upgrades, or downgrades, of revisions alone")
        return await _script(project, groups[0][1], rows) if groups else ""
    for (is_stamp, is_upgrade), found in groups:
        runner = await project.runner()
        if is_stamp:
            targets = [name for step in found for name in step.to_revisions] or ["base"]
            await runner.stamp(targets, tag=tag)
            continue
        ids = [step.revision.revision for step in found]
        direction = Direction.UPGRADE if is_upgrade else Direction.DOWNGRADE
        request = RunRequest(target=ids[-1], direction=direction, tag=tag, revisions=tuple(ids))
        await runner.run(request)
    return None


async def _script(project: Project, steps: Sequence[Any], rows: Sequence[str]) -> str:
    from asyncmig.execution.offline_script import offline_script

    way = Direction.UPGRADE if steps[0].is_upgrade else Direction.DOWNGRADE
    planner = await project.planner(offline=True)
    graph = planner.graph
    ids = [step.revision.revision for step in steps]
    moves = (moves_up if way is Direction.UPGRADE else moves_down)(graph, ids, rows)
    scripts = project.load_scripts([move.revision for move in moves])
    plan = planner.plan(ids[-1], rows, way, moves, scripts)
    settings = project.settings
    books = Bookkeeping.of(settings, settings.version_table_schema)
    return offline_script(
        plan,
        books,
        create_tables=way is Direction.UPGRADE and not rows,
        one_transaction=settings.transaction == "all",
    )
