"""The impact of a plan on the database of a project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.bookkeeping.state import read_state
from asyncmig.database.session_settings import open_session
from asyncmig.errors import PlanError
from asyncmig.execution.runner import Runner
from asyncmig.locks.impact import assess_impact
from asyncmig.locks.live_scripts import CopyDatabase, ObservedSession
from asyncmig.plan.run_request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from asyncmig.events import Event
    from asyncmig.locks.observe import Observer
    from asyncmig.locks.places import CopyPlace
    from asyncmig.locks.trace import LiveObservation
    from asyncmig.plan.model import Plan, Step
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.project.project import Project
    from asyncmig.results import Impact
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["impact_of"]


async def impact_of(project: Project, plan: Plan) -> Impact:
    """What a plan would do to the database of the project.

    Raises:
        PlanError: the plan starts at other revisions than those of the database.
        DatabaseError: the database could not be read.
    """
    settings = project.settings

    async def live(
        place: CopyPlace, observer: Observer, step: Step, heads: frozenset[str]
    ) -> list[LiveObservation]:
        session = ObservedSession(place, observer)
        # the copy belongs to the role that logged in
        own = replace(settings, role=None)
        runner = Runner(CopyDatabase(session), own, _ignore, _WithoutHooks(project))
        await runner.stamp(sorted(heads) or ["base"], purge=True)
        session.found.clear()
        await runner.run(
            RunRequest(target=step.revision, direction=step.direction, revisions=(step.revision,))
        )
        return session.found

    async with open_session(project.database(), settings) as session:
        state = await read_state(session, settings)
        if state.heads != frozenset(plan.current):
            here, there = _listed(plan.current), _listed(state.heads)
            raise PlanError(
                f"the plan starts at {here}, and the database is at {there}",
                hint="plan from the current revisions of the database: without `current` and --from",
            )
        return await assess_impact(plan, session, settings, live)


class _WithoutHooks:
    """The scripts of a project; ``on_version_apply`` is not called in a copy."""

    def __init__(self, project: Project) -> None:
        self._project = project

    async def known_heads(self) -> tuple[str, ...] | None:
        return None

    async def graph(self) -> RevisionGraph:
        return await self._project.graph()

    async def planner(self, graph: RevisionGraph) -> Planner:
        return await self._project.planner(graph)

    def load_scripts(self, revisions: Sequence[Revision]) -> Mapping[str, AnyScript]:
        return self._project.load_scripts(revisions)

    def alembic_imports(self) -> AbstractContextManager[None]:
        return self._project.alembic_imports()

    def version_hooks(self) -> tuple[VersionHook, ...]:
        return ()


def _ignore(event: Event) -> None:
    """Drop the events of the copy."""


def _listed(heads: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(heads)) or "base"
