"""The commands of Alembic's API that write files, or compare for them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.alembic_compat.event_loops import run
from asyncmig.alembic_compat.facade.util.exc import CommandError
from asyncmig.autogenerate import write
from asyncmig.errors import AsyncmigError
from asyncmig.operations.base.containers import DowngradeOps, MigrationScript, UpgradeOps
from asyncmig.project import fan_out
from asyncmig.project.revision_files import draft_script, write_empty
from asyncmig.render import NewRevision, ensure_versions_folder, new_revision_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.autogenerate.write import Generated
    from asyncmig.project.project import Project

__all__ = ["compared_scripts", "create_project", "edit_file", "generate", "list_of_templates"]

_PLACE = re.compile(r"\$\{\s*(\w+)\s*\}")


class _Hook:
    """``process_revision_directives`` of a caller, behind that of ``env.py``.

    Args:
        function: the caller's.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.error: BaseException | None = None

    def after(self, first: Callable[..., Any] | None) -> Callable[..., None]:
        """Both as one function, which keeps what the caller's raises."""

        def both(context: Any, revision: Any, scripts: list[MigrationScript]) -> None:
            try:
                self._function(context, revision, scripts)
            except BaseException as error:
                self.error = error
                raise
            if first is not None:
                first(context, revision, scripts)

        return both


def generate(
    project: Project,
    *,
    autogenerate: bool,
    hook: Callable[..., Any] | None,
    rev_id: str | None,
    message: str | None,
    head: Any,
    splice: bool,
    branch_labels: Sequence[str],
    depends_on: Sequence[str],
    version_path: str | Path | None,
) -> list[str]:
    """Write revision files; gives their ids.

    Raises:
        AsyncmigError: as ``Migrator.revision``; and whatever the hook raises.
    """
    new = NewRevision(
        rev_id=rev_id or new_revision_id(),
        message=message,
        head=head if isinstance(head, str) else next(iter(head), "head"),
        splice=splice,
        branch_labels=branch_labels,
        depends_on=depends_on,
        version_path=version_path,
    )
    if not autogenerate:
        return [run(lambda: write_empty(project, new)).revision]
    own = None if hook is None else _Hook(hook)
    try:
        return run(lambda: _write_generated(project, new, own))
    except AsyncmigError:
        if own is not None and own.error is not None:
            raise own.error from None
        raise


async def _write_generated(project: Project, new: NewRevision, hook: _Hook | None) -> list[str]:
    ensure_versions_folder(project.settings)
    found = await _compare(project, draft_script(new), hook)
    merged = write.merge_generated(project.settings, found)
    await write.write_generated(
        project.settings, project.directory, merged, skip_empty=False, runners=project.write_hooks
    )
    return [str(item.script.rev_id) for item in merged]


async def _compare(
    project: Project, script: MigrationScript, hook: _Hook | None
) -> dict[str, tuple[Generated, ...]]:
    async def compare(one: Project) -> tuple[Generated, ...]:
        comparison = await one.autogenerate()
        if hook is not None:
            name = "process_revision_directives"
            options = {**comparison.options, name: hook.after(comparison.options.get(name))}
            comparison = replace(comparison, options=options)
        return await comparison.scripts(script)

    options = {"autogenerate": True, "message": script.message, "rev_id": script.rev_id}
    request = EnvRequest(command="revision", reading=True, options=options)
    return fan_out.required(await fan_out.call_each(project, compare, request))


def compared_scripts(project: Project) -> list[MigrationScript]:
    """What ``revision --autogenerate`` would write."""
    script = MigrationScript(None, UpgradeOps(), DowngradeOps())
    found = run(lambda: _compare(project, script, None))
    return [item.script for generated in found.values() for item in generated]


# projects


def list_of_templates(config: Config) -> Iterator[tuple[str, str]]:
    """The templates of ``init``, each with the first line of its README."""
    for folder in sorted(Path(config.get_template_directory()).iterdir()):
        readme = folder / "README"
        if readme.is_file():
            yield folder.name, readme.read_text("utf-8").strip().partition("\n")[0]


def create_project(config: Config, directory: str, template: str, *, package: bool) -> None:
    """Write a script directory from a template.

    Raises:
        CommandError: the folder is not empty, or the template does not exist.
    """
    target = Path(directory)
    if target.is_dir() and any(target.iterdir()):
        raise CommandError(f"Directory {directory} already exists and is not empty")
    source = Path(config.get_template_directory()) / template
    if not source.is_dir():
        raise CommandError(f"No such template {template!r}")
    versions = target / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    file = Path(config.config_file_name or "alembic.ini")
    for each in sorted(source.iterdir()):
        if each.name == "alembic.ini.mako":
            if not file.exists():
                location = target.as_posix() if target.is_absolute() else f"%(here)s/{directory}"
                text = _PLACE.sub(location.replace("\\", r"\\"), each.read_text("utf-8"))
                file.write_text(text, "utf-8")
        elif each.is_file():
            (target / each.name).write_bytes(each.read_bytes())
    for folder in (target, versions) if package else ():
        (folder / "__init__.py").touch()


def edit_file(path: str) -> None:
    """Open a file in the editor that ``VISUAL`` or ``EDITOR`` names.

    Raises:
        CommandError: neither is set, or the editor fails.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise CommandError("Error opening editor: neither $VISUAL nor $EDITOR is set")
    done = subprocess.run([*shlex.split(editor), path], check=False)  # noqa: S603 - the user's editor
    if done.returncode:
        raise CommandError(f"Error executing editor ({editor} ended with {done.returncode})")
