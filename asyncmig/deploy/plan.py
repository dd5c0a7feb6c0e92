"""The plan of a deployment: the server, the state of the database, what would run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.database.session_settings import open_session
from asyncmig.migrator import project_of
from asyncmig.project.fan_out import call_one
from asyncmig.results.base import Result

if TYPE_CHECKING:
    import asyncpg

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.project.project import Project
    from asyncmig.results import Impact

__all__ = ["DeploymentPlan", "plan_deployment"]

_SERVER = """\
SELECT pg_catalog.current_database() AS database, pg_catalog.current_setting('server_version') AS version"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan(Result):
    """The database and what a deployment would run.

    Attributes:
        database: its name.
        server: the version of the server.
        state: as in ``Status``.
        current: the current revisions.
        pending: the revisions that would run.
        target: where to.
        plan: what would run.
        impact: what it would do to the database; None where nothing is pending, or where it was not asked
            for.
    """

    database: str
    server: str
    state: str
    current: tuple[str, ...]
    pending: tuple[str, ...]
    target: str
    plan: Plan
    impact: Impact | None = None

    def to_dict(self) -> dict[str, object]:
        """The deployment plan as plain data."""
        names = ("database", "server", "state", "current", "pending", "target")
        facts: dict[str, object] = {name: getattr(self, name) for name in names}
        facts["plan"] = self.plan.to_dict()
        facts["impact"] = None if self.impact is None else self.impact.to_dict()
        return facts


async def plan_deployment(
    migrator: Migrator, target: str = "heads", *, impact: bool = False
) -> DeploymentPlan:
    """Connect, read the state of the database, and plan an upgrade to ``target``.

    Args:
        migrator: the project and its database.
        target: where to.
        impact: assess what the plan would do to the database, as ``Migrator.impact`` does.

    Raises:
        ConnectionFailedError: no connection could be made.
        RevisionError, PlanError: as ``Migrator.plan``.

    Example::

        plan = await plan_deployment(migrator, impact=True)
    """

    async def ask(project: Project) -> asyncpg.Record:
        async with open_session(project.database(), project.settings) as session:
            (row,) = await session.fetch(_SERVER)
        return row

    request = EnvRequest(command="status", reading=True)
    row = await call_one(project_of(migrator), ask, request, "a deployment")
    status = await migrator.status()
    plan = await migrator.plan(target)
    return DeploymentPlan(
        database=row["database"],
        server=row["version"],
        state=status.state,
        current=status.current,
        pending=plan.revisions,
        target=target,
        plan=plan,
        impact=await migrator.impact(plan) if impact and plan.steps else None,
    )
