"""A command's work on the databases that a project's ``env.py`` hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.execute import execute_env
from asyncmig.alembic_compat.project import executed_run
from asyncmig.events import ConfigWarning

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from asyncmig.alembic_compat.env_script.request import EnvMigration, EnvRequest
    from asyncmig.project.project import Project

__all__ = ["visit_env"]

_MAIN_SECTION = "alembic"
"""The section of an ini file that names no database of several."""


async def visit_env(
    project: Project,
    path: Path,
    work: Callable[[Project], Awaitable[str | None]],
    request: EnvRequest,
) -> str:
    """Execute an ``env.py`` and do the work in each of its calls of ``run_migrations()``.

    Returns:
        What it wrote offline.

    Raises:
        AsyncmigError: as ``work``, and as ``execute_env``.
    """
    chosen = project.name or project.settings.section
    if chosen == _MAIN_SECTION:
        chosen = None
    members: list[Project] = []

    async def visit(migration: EnvMigration) -> str | None:
        run, is_named = executed_run(project.settings, migration)
        if is_named and chosen is not None and run.name != chosen:
            return None
        member = project.of_env(run, migration.config, migration.database, migration.emit)
        if is_named or members:
            member.name = run.name
        members.append(member)
        script = await work(member)
        migration.changed = not request.reading
        return script

    executed = await execute_env(project.settings, path, request, visit, project.emit)
    if len(members) == 1:
        project.settings = members[0].settings
    if not executed.migrations:
        project.emit(
            ConfigWarning(message=f"{path} never calls context.run_migrations(): nothing was run")
        )
    return executed.script
