"""Many runs on one session: ``env.py`` is executed once, and one connection holds the lock for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.errors import AsyncmigError
from asyncmig.migrator.base import project_of
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from asyncmig.project.fan_out import call_one

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.execution.pending_run import StepwiseRun
    from asyncmig.project.project import Project
    from asyncmig.testing.runner import AsyncMigrationRunner

__all__ = ["SessionSteps", "in_single_session"]


class SessionSteps:
    """Upgrades and downgrades on one session."""

    def __init__(self, steps: StepwiseRun) -> None:
        self._steps = steps

    async def upgrade(self, target: str) -> None:
        """Run the revisions up to a target, as ``Migrator.upgrade``."""
        await self._steps.run(RunRequest(target=target, direction=Direction.UPGRADE))

    async def downgrade(self, target: str) -> None:
        """Revert the revisions down to a target, as ``Migrator.downgrade``."""
        await self._steps.run(RunRequest(target=target, direction=Direction.DOWNGRADE))


async def in_single_session(
    runner: AsyncMigrationRunner,
    work: Callable[[SessionSteps, asyncpg.Connection], Awaitable[bool]],
) -> bool:
    """Do ``work`` with the steps and with a second connection, which sees what they have committed.

    Returns:
        What ``work`` returned; False where separate runs have to show the outcome: something failed, rows
        are to be inserted before or at revisions, or ``env.py`` has a transaction of its own around all.
    """
    config = runner.config
    if config.before_revision_data or config.at_revision_data or config.skip_revisions:
        return False

    async def visit(project: Project) -> bool:
        execution = await project.runner()
        await execution.ensure_tables()
        async with execution.stepwise() as steps, runner.connection() as connection:
            return not steps.is_in_transaction and await work(SessionSteps(steps), connection)

    request = EnvRequest(command="upgrade", revision="heads")
    try:
        return await call_one(project_of(runner.migrator), visit, request, "a ready test")
    except (AsyncmigError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False
