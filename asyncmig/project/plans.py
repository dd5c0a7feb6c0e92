"""The plan of a project, and what of it depends on the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.plan.model import Direction, Plan
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.rewrites.rewriting import Rewriting
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.project.project import Project
    from asyncmig.revisions.graph.moves import Move

__all__ = ["choose_rewriting", "make_plan"]


async def make_plan(
    project: Project,
    target: str,
    current: Sequence[str],
    way: Direction,
    *,
    offline: bool = False,
    connect: bool = False,
) -> Plan:
    """The plan from rows of the version table to a target.

    Args:
        project: the project; a plan is for one database.
        target: a target expression.
        current: the rows.
        way: the direction.
        offline: for a script for psql.
        connect: read from the database what safe rewrites depend on, as a run does, and estimates of
            the rows of backfills.
    """
    project = await project.single_database("a plan")
    from asyncmig.plan.moves import find_moves

    planner = await project.planner(
        offline=offline,
        rewriting=await choose_rewriting(project, connect=connect, offline=offline),
    )
    moves = find_moves(planner.graph, target, current, way)
    scripts = await anyio.to_thread.run_sync(
        project.load_scripts, [move.revision for move in moves]
    )
    if connect:
        await _read_online_changes(project, planner, moves, scripts)
    plan = planner.plan(target, current, way, moves, scripts)
    if not connect:
        return plan
    from asyncmig.project.backfill_estimates import with_estimates

    return await with_estimates(plan, project.database(), project.settings)


async def choose_rewriting(
    project: Project, *, connect: bool = False, offline: bool = False
) -> Rewriting | None:
    """The safe rewrites of a plan; ``connect`` reads from the database what they depend on.

    Args:
        project: the project.
        connect: a database is asked.
        offline: for a script for psql.
    """
    from asyncmig.bookkeeping.rewrite_facts import one_transaction_obstacle, read_rewriting
    from asyncmig.plan.rewrites.rewriting import Rewriting

    if not connect:
        obstacle = one_transaction_obstacle(project.settings)
        if not project.settings.safe_rewrites:
            return None
        return Rewriting(obstacle=obstacle, offline=offline)
    from asyncmig.bookkeeping.state import read_state
    from asyncmig.database.session_settings import open_session

    async with open_session(project.database(), project.settings) as session:
        state = await read_state(session, project.settings)
        return await read_rewriting(session, project.settings, state)


async def _read_online_changes(
    project: Project, planner: Planner, moves: Sequence[Move], scripts: Mapping[str, AnyScript]
) -> None:
    """Read from the database what the column changes online of a plan depend on."""
    if not any(script.has_online_change for script in scripts.values()):
        return
    from asyncmig.bookkeeping.online_facts import read_online_changes
    from asyncmig.bookkeeping.state import read_state
    from asyncmig.database.session_settings import open_session

    async with open_session(project.database(), project.settings) as session:
        state = await read_state(session, project.settings)
        planner.online = await read_online_changes(
            session, project.settings, state, planner, moves, scripts
        )
