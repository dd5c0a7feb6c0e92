"""``init``: a new project from a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.config.files.locations import working_directory
from asyncmig.errors import ConfigError, FileError
from asyncmig.results import Result
from asyncmig.scaffold.project_files import ProjectFiles
from asyncmig.scaffold.project_templates import PYPROJECT, find_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from asyncmig.scaffold.model_search import FoundModels

__all__ = ["InitResult", "init_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult(Result):
    """The result of ``init``.

    Attributes:
        template: the template's name.
        directory: the script directory.
        config: the configuration file.
        created: new files and folders, in order.
        changed: existing files to which something was added.
        target_metadata: the models that the configuration names.
    """

    template: str
    directory: str
    config: str
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    target_metadata: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Every path, new ones first."""
        yield from (*self.created, *self.changed)


def init_project(
    directory: str | Path,
    *,
    template: str = "generic",
    package: bool = False,
    config_path: str | Path | None = None,
    models: FoundModels | None = None,
    cwd: Path | None = None,
) -> InitResult:
    """Create a script directory and its configuration; after an error nothing is left.

    Args:
        directory: the script directory, relative to ``cwd``; an existing one must be empty.
        template: a name of ``list_templates()``, or the path of a template folder of your own. Such
            a folder has ``asyncmig.toml.template`` or ``pyproject.toml.template`` (text with
            ``${script_location}``); all its other files are copied to the script directory.
        package: make the script directory and its version locations importable packages.
        config_path: the configuration file; None is ``asyncmig.toml`` in ``cwd``, or
            ``pyproject.toml`` for a template that has it.
        models: the value of ``target_metadata``; None writes an example as a comment.
        cwd: the working directory; None is the process's.

    Raises:
        FileError: the directory is not empty, the configuration exists already, or a file cannot
            be written. Facts: ``path``.
        ConfigError: there is no such template, it has no place for ``models``, or ``pyproject.toml`` has
            a ``[tool.asyncmig]``.
    """
    cwd = working_directory() if cwd is None else cwd.absolute()
    config = None if config_path is None else cwd / config_path
    if config is not None and config.name == PYPROJECT and template in ("generic", "async"):
        template = "pyproject"
    source = find_template(template, cwd)
    config = config or cwd / source.config_name
    if models is not None and not source.takes_models:
        raise ConfigError(
            f"the template '{template}' has no place for target_metadata",
            hint="leave --metadata out, and write target_metadata into the new configuration",
        )
    files = ProjectFiles(cwd / directory, config)
    files.check(source.config_name)
    try:
        files.copy(source)
        files.configure(source, models)
        files.make_version_locations(package=package)
    except OSError as error:
        files.remove()
        reason = FileError.reason(error)
        raise FileError(
            f"{error.filename or files.directory} cannot be written: {reason}",
            hint="nothing of the project was left behind; check the folder's permissions",
            path=str(error.filename or files.directory),
        ) from error
    except BaseException:
        files.remove()
        raise
    return InitResult(
        template=template,
        directory=str(files.directory),
        config=str(config),
        created=tuple(map(str, files.created)),
        changed=() if config in files.created else (str(config),),
        target_metadata=() if models is None else models.names,
    )
