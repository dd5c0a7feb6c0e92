"""Calls a function with each database of a project: those of the configuration, or those of an ``env.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.database.concurrency import import_in_thread
from asyncmig.events import EnvWarning
from asyncmig.project.garbage_collection import short_collections

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from asyncmig.alembic_compat.env_script.request import EnvMigration, EnvRequest
    from asyncmig.project.project import Project

__all__ = ["visit_databases"]

_MAIN_SECTION = "alembic"
"""The section of an ini file that names no database of several."""


async def visit_databases(
    project: Project, work: Callable[[Project], Awaitable[str | None]], request: EnvRequest
) -> str:
    """Await ``work`` with the project of each database, one after the other.

    Where the project has an ``env.py``, it is executed, and ``work`` is awaited in each of its calls of
    ``run_migrations()``.

    Args:
        project: the project.
        work: called with the project of each database; offline it returns the script.
        request: the command, as ``env.py`` sees it.

    Returns:
        The script that was written offline.

    Raises:
        AsyncmigError: as ``work``; and ``EnvFileError``.
    """
    if project.alembic_config is not None:
        request = replace(request, config=project.alembic_config)
    with short_collections():
        path = await project.env_file_to_execute()
        if path is None:
            return "".join([await work(one) or "" for one in await project.databases()])
        await import_in_thread(
            "asyncmig.alembic_compat.env_script.execute",
            "asyncmig.alembic_compat.env_reading.project_runs",
        )
        return await _visit_env(project, path, work, request)


async def _visit_env(
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
    from asyncmig.alembic_compat.env_reading.project_runs import executed_run
    from asyncmig.alembic_compat.env_script.execute import execute_env

    chosen = project.name or project.settings.section
    if chosen == _MAIN_SECTION:
        chosen = None
    members: list[Project] = []

    async def visit(migration: EnvMigration) -> str | None:
        run, is_named = executed_run(project.settings, migration)
        if is_named and chosen is not None and run.name != chosen:
            return None
        member = project.of_env(run, migration.config, migration.database, migration.emit)
        member.env_migration = migration
        if is_named or members:
            member.name = run.name
        members.append(member)
        script = await work(member)
        migration.changed = not request.reading
        return script

    executed = await execute_env(
        project.settings, path, request, visit, project.relay, engine=project.given_engine
    )
    project.write_hooks = executed.write_hooks
    if len(members) == 1:
        project.settings = members[0].settings
    if not executed.migrations:
        project.emit(
            EnvWarning(message=f"{path} never calls context.run_migrations(): nothing was run")
        )
    return executed.script
