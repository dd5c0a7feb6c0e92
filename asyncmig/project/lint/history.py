"""The steps of a whole history, with the chosen revisions as one deployment, or as one each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.plan.model import Direction
from asyncmig.plan.moves import find_moves
from asyncmig.plan.run_script import check_written
from asyncmig.project.plans import choose_rewriting

if TYPE_CHECKING:
    from asyncmig.plan.model import Step
    from asyncmig.project.lint.scope import ChosenRevisions
    from asyncmig.project.project import Project

__all__ = ["history_steps"]


async def history_steps(project: Project, chosen: ChosenRevisions) -> tuple[Step, ...]:
    """Every revision from base to the heads.

    What is safe to leave as it is depends on what the same deployment has created, so the safe rewrites
    start again where a deployment of chosen revisions begins.
    """
    member = await project.single_database("lint")
    planner = await member.planner(rewriting=await choose_rewriting(member))
    moves = find_moves(planner.graph, "heads", (), Direction.UPGRADE)
    scripts = await anyio.to_thread.run_sync(member.load_scripts, [move.revision for move in moves])
    steps = []
    begun = False
    for move in moves:
        name = move.revision.id
        check_written(scripts[name], Direction.UPGRADE)
        begins = name in chosen.ids and not (chosen.together and begun)
        if begins and planner.rewriting is not None:
            planner.rewriting = await choose_rewriting(member)
        begun = begun or begins
        steps.append(planner.record(move, scripts[name]))
    return tuple(steps)
