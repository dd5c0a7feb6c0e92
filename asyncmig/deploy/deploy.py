"""``deploy``: back up, upgrade, check the result; roll back if that was requested and a step failed.

>>> plan = await plan_deployment(migrator)  # doctest: +SKIP
>>> result = await deploy(migrator, plan=plan, backup=Path("before.dump"))  # doctest: +SKIP

Nothing here asks or prints: the caller shows the plan, asks for confirmation, and then deploys.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.database.session_settings import open_session
from asyncmig.deploy.backup import Backup, back_up
from asyncmig.deploy.max_impact import check_impact, parse_level
from asyncmig.deploy.plan import plan_deployment
from asyncmig.errors import (
    AsyncmigError,
    NotCurrentError,
    PartiallyAppliedError,
    PlanError,
    UnexpectedStateError,
)
from asyncmig.migrator import project_of
from asyncmig.project.fan_out import call_one
from asyncmig.results.base import Result
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from asyncmig.deploy.plan import DeploymentPlan
    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Step
    from asyncmig.project.project import Project

__all__ = ["DeployResult", "deploy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployResult(Result):
    """A finished deployment; ``before`` and ``after`` are rows of the version table."""

    database: str
    server: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[str, ...] = ()
    backup: Backup | None = None
    verified: bool = False
    vacuumed: bool = False
    elapsed: float = 0.0


async def deploy(
    migrator: Migrator,
    target: str = "heads",
    *,
    plan: DeploymentPlan | None = None,
    backup: Path | None = None,
    rollback_on_failure: bool = False,
    vacuum_analyze: bool = False,
    max_impact: str | None = None,
    tag: str | None = None,
) -> DeployResult:
    """Back up, upgrade, and check the result.

    Args:
        migrator: the project and its database.
        target: where to.
        plan: what was shown and confirmed; if the database has changed since, nothing is run.
        backup: a file for pg_dump, written before anything runs.
        rollback_on_failure: if a revision fails, downgrade those that this deployment has applied. It
            is checked before anything runs that all of them have a downgrade.
        vacuum_analyze: ``VACUUM (ANALYZE)`` at the end.
        max_impact: the highest level of a statement: ``none``, ``brief``, ``writes`` or ``everything``.
        tag: a label for the journal.

    Raises:
        PlanError: the database has changed since ``plan``, or a statement is above ``max_impact``. Nothing
            was run.
        IrreversibleError: a rollback was requested, and a downgrade is missing. Nothing was run.
        AsyncmigError: as ``Migrator.upgrade``; ``rolled_back`` has the revisions that were downgraded.
        NotCurrentError, UnexpectedStateError: the upgrade is committed, and the database is not at its
            end.

    Example::

        result = await deploy(migrator, backup=Path("before.dump"))
    """
    began = time.monotonic()
    confirmed = plan
    level = None if max_impact is None else parse_level(max_impact)
    assessed = None if confirmed is None else confirmed.impact
    plan = await plan_deployment(migrator, target, impact=level is not None and assessed is None)
    if confirmed is not None and (
        (confirmed.current, confirmed.pending) != (plan.current, plan.pending)
    ):
        raise PlanError(
            f"the database was at {_listed(confirmed.current)} when the plan was confirmed, and is at "
            f"{_listed(plan.current)} now",
            hint="another process migrates it; look at the plan again",
            current=plan.current,
        )
    impact = assessed or plan.impact
    if level is not None and impact is not None:
        check_impact(impact, level)
    if rollback_on_failure:
        await _check_downgrades(migrator, plan)
    written = await back_up(migrator, backup) if backup is not None and plan.pending else None
    try:
        result = await migrator.upgrade(target, tag=tag)
        await _verify(migrator, plan)
    except AsyncmigError as error:
        if rollback_on_failure:
            await _roll_back(migrator, plan, error, tag)
        raise
    if vacuum_analyze:
        request = EnvRequest(command="upgrade", revision=target, tag=tag)
        await call_one(project_of(migrator), _vacuum, request, "a deployment")
    return DeployResult(
        database=plan.database,
        server=plan.server,
        before=plan.current,
        after=result.after,
        applied=result.revisions,
        backup=written,
        verified=True,
        vacuumed=vacuum_analyze,
        elapsed=time.monotonic() - began,
    )


async def _vacuum(project: Project) -> None:
    async with open_session(project.database(), project.settings) as session:
        await session.send("VACUUM (ANALYZE)")


async def _verify(migrator: Migrator, plan: DeploymentPlan) -> None:
    status = await migrator.status()
    if status.partial:
        names = ", ".join(step.revision for step in status.partial)
        raise NotCurrentError(
            f"revision {names} is partially applied",
            hint="`asyncmig upgrade` continues there; `asyncmig status` shows where it stopped",
            current=status.current,
            pending=status.pending,
        )
    if plan.pending and status.current != plan.plan.heads:
        raise UnexpectedStateError(
            f"the database is at {_listed(status.current)}, and the plan ends at "
            f"{_listed(plan.plan.heads)}",
            hint="another process migrated it meanwhile; `asyncmig log` shows which",
            expected=plan.plan.heads,
            found=status.current,
        )


async def _check_downgrades(migrator: Migrator, plan: DeploymentPlan) -> None:
    """Plan the downgrade of each pending revision, which raises where one is missing."""
    heads = plan.plan.heads
    for step in reversed(plan.plan.steps):
        heads = (await migrator.plan(_below(step), heads, "downgrade")).heads


async def _roll_back(
    migrator: Migrator, plan: DeploymentPlan, error: AsyncmigError, tag: str | None
) -> None:
    """Downgrade what this deployment has applied, newest first; the error's hint tells the result."""
    if isinstance(error, PartiallyAppliedError):
        error.add_fields(rolled_back=())
        error.hint = (
            "nothing was rolled back: a phase of this revision is committed, and no downgrade reverts "
            "a part of a revision. Correct the cause and deploy again, or restore the backup"
        )
        return
    current = frozenset((await migrator.status()).current)
    reverted: list[str] = []
    try:
        for step in reversed(_applied(plan, current)):
            one = await migrator.plan(_below(step), current, "downgrade")
            if one.revisions == (step.revision,):
                await migrator.downgrade(_below(step), tag=tag)
                reverted.append(step.revision)
                current = frozenset(one.heads)
    except AsyncmigError as second:
        error.hint = f"the rollback failed too: {second}. The database is at {_listed(current)}"
    else:
        complete = current == frozenset(plan.current)
        error.hint = (
            f"rolled back: the database is at {_listed(current)}"
            + (" again" if complete else f", and was at {_listed(plan.current)}")
            + (f". {error.hint}" if error.hint else "")
        )
    error.add_fields(rolled_back=tuple(reverted))


def _applied(plan: DeploymentPlan, current: frozenset[str]) -> Sequence[Step]:
    """The steps that were applied: those that lead to the current rows; none where no number of them does."""
    rows, applied = frozenset(plan.current), 0
    for number, step in enumerate(plan.plan.steps, 1):
        rows = step.version.apply(rows)
        applied = number if rows == current else applied
    return plan.plan.steps[:applied]


def _below(step: Step) -> str:
    """The target of a downgrade that reverts this revision alone, a merge too."""
    below = step.down_revisions[0] if step.down_revisions else "base"
    return f"{step.revision}@{below}"


def _listed(heads: frozenset[str] | tuple[str, ...]) -> str:
    return listed(sorted(heads), empty="base")
