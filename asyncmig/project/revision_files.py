"""New revision files of a project: empty ones, generated ones, merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.project.fan_out import call_each, required
from asyncmig.render import create_merge, create_revision, ensure_versions_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.autogenerate.renames import ConfirmRename
    from asyncmig.autogenerate.write import Generated
    from asyncmig.operations.base.containers import MigrationScript
    from asyncmig.project.project import Project
    from asyncmig.render import NewRevision
    from asyncmig.results import CreatedRevision

__all__ = ["draft_script", "write_empty", "write_generated", "write_merge"]


def draft_script(new: NewRevision) -> MigrationScript:
    """The script of a revision to be generated, as hooks receive it; without operations."""
    from asyncmig.operations.base.containers import MigrationScript

    return MigrationScript(
        new.rev_id,
        None,
        None,
        message=new.message,
        head=new.head,
        splice=new.splice,
        branch_label=tuple(new.branch_labels),
        version_path=new.version_path,
        depends_on=tuple(new.depends_on),
    )


async def write_empty(project: Project, new: NewRevision) -> CreatedRevision:
    """Write a revision with an empty upgrade and downgrade; raises as ``Migrator.revision``."""
    await anyio.to_thread.run_sync(ensure_versions_folder, project.settings)
    directory = await project.directory()
    return await anyio.to_thread.run_sync(create_revision, project.settings, directory, new)


async def write_generated(
    project: Project,
    new: NewRevision,
    *,
    skip_empty: bool,
    renames: Mapping[str, str],
    confirm: ConfirmRename | None,
) -> CreatedRevision:
    """Compare the models with each database and write the changes; raises as ``Migrator.revision``."""
    from asyncmig.autogenerate import write
    from asyncmig.autogenerate.renames import RenameRequests

    await anyio.to_thread.run_sync(ensure_versions_folder, project.settings)
    as_sql = bool(new.as_sql) or project.settings.revision_format == "sql"

    async def compare(one: Project) -> tuple[Generated, ...]:
        comparison = await one.autogenerate(as_sql=as_sql)
        return await comparison.scripts(
            draft_script(new), RenameRequests(given=renames, ask=confirm)
        )

    options = {"autogenerate": True, "message": new.message, "rev_id": new.rev_id}
    request = EnvRequest(command="revision", reading=True, options=options)
    found = required(await call_each(project, compare, request))
    generated = write.merge_generated(project.settings, found)
    return await write.write_generated(
        project.settings,
        project.directory,
        generated,
        skip_empty=skip_empty,
        runners=project.write_hooks,
    )


async def write_merge(
    project: Project, new: NewRevision, revisions: Sequence[str]
) -> CreatedRevision:
    """Write a revision that merges several, all heads if none is given; raises as ``Migrator.merge``."""
    directory = await project.directory()
    return await anyio.to_thread.run_sync(
        create_merge, project.settings, directory, new, revisions or ("heads",)
    )
