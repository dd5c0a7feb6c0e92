"""The strongest lock that the table of facts predicts for phases of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.errors import AsyncmigError
from asyncmig.locks.facts import NEWEST_MAJOR
from asyncmig.locks.impact import known_impact
from asyncmig.locks.modes import LockMode
from asyncmig.plan.model import Direction
from asyncmig.project.plans import make_plan
from asyncmig.results.impact import PredictedLock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.plan.model import Plan
    from asyncmig.project.project import Project
    from asyncmig.results import Impact, JournalEntry
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["predicted_locks"]


async def predicted_locks(
    project: Project, entries: Iterable[JournalEntry]
) -> dict[int, PredictedLock]:
    """The predictions by the id of the entry.

    An entry has none where its script is gone, was changed, or reads from the database: then the phase
    that ran is not known.
    """
    graph = await project.graph()
    plans: dict[tuple[str, str], tuple[Plan, Impact] | None] = {}
    found: dict[int, PredictedLock] = {}
    for entry in entries:
        key = entry.revision, entry.direction
        if key not in plans:
            plans[key] = await _planned(project, graph, *key)
        planned = plans[key]
        if planned is not None and (one := _of_entry(entry, *planned)) is not None:
            found[entry.id] = one
    return found


async def _planned(
    project: Project, graph: RevisionGraph, revision: str, direction: str
) -> tuple[Plan, Impact] | None:
    if revision not in graph or direction not in set(Direction):
        return None
    parents = graph.get(revision).down_revisions
    try:
        if direction == Direction.UPGRADE:
            plan = await make_plan(project, revision, parents, Direction.UPGRADE)
        else:
            below = parents[0] if parents else "base"
            plan = await make_plan(project, f"{revision}@{below}", (revision,), Direction.DOWNGRADE)
    except AsyncmigError:  # a script that cannot be planned any more
        return None
    impact = await anyio.to_thread.run_sync(lambda: known_impact(plan, major=NEWEST_MAJOR))
    return plan, impact


def _of_entry(entry: JournalEntry, plan: Plan, impact: Impact) -> PredictedLock | None:
    step = next((step for step in plan.steps if step.revision == entry.revision), None)
    if step is None or step.live or entry.checksum != step.checksum:
        return None
    if entry.phase >= len(step.phases):
        return None
    statements = [
        each
        for each in impact.statements
        if each.revision == entry.revision and each.phase == entry.phase
    ]
    locks = [lock for each in statements for lock in each.locks if lock.table is None]
    strongest = max(locks, key=lambda lock: LockMode(lock.mode).rank, default=None)
    if strongest is None:
        return PredictedLock(entry=entry.id)
    mode = LockMode(strongest.mode)
    return PredictedLock(
        entry=entry.id,
        mode=mode.value,
        relation=strongest.relation,
        blocks=mode.blocks.value,
        scans=tuple(dict.fromkeys(name for each in statements for name in each.scans)),
    )
