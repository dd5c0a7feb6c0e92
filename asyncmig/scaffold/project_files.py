"""The files and folders of a new project: created together, and removed again after an error."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.config.files.search import refuse_second
from asyncmig.config.loading import load
from asyncmig.errors import ConfigError, FileError
from asyncmig.render.templates.template import fill
from asyncmig.scaffold.project_templates import PYPROJECT

if TYPE_CHECKING:
    from asyncmig.scaffold.model_search import FoundModels
    from asyncmig.scaffold.project_templates import ProjectTemplate

__all__ = ["ProjectFiles"]


class ProjectFiles:
    """Creates the files and folders of one project.

    Attributes:
        directory: the script directory.
        config: the configuration file.
        created: new files and folders, in order.
    """

    def __init__(self, directory: Path, config: Path) -> None:
        self.directory = directory
        self.config = config
        self.created: list[Path] = []
        self._config_before: bytes | None = None

    def check(self, config_name: str) -> None:
        """Check that nothing would be overwritten, before anything is written.

        Raises:
            FileError: the directory or the configuration exists. Facts: ``path``.
            ConfigError: the configuration is not a TOML file, or configures asyncmig already.
        """
        if self.directory.exists() and not self.directory.is_dir():
            raise FileError(
                f"{self.directory} is a file", hint="take another name", path=str(self.directory)
            )
        if self.directory.is_dir() and any(self.directory.iterdir()):
            raise FileError(
                f"directory {self.directory} already exists and is not empty",
                hint="take another name, or empty it first",
                path=str(self.directory),
            )
        if self.config.suffix != ".toml":
            raise ConfigError(
                f"{self.config} is not a TOML file",
                hint="give -c a name that ends with .toml",
                path=str(self.config),
            )
        refuse_second(self.config.absolute())
        if not self.config.exists():
            return
        if config_name != PYPROJECT:
            raise FileError(
                f"{self.config} already exists",
                hint="give -c another name; or keep that file, create the folder `versions` in its "
                "script_location, and write a revision with `asyncmig revision -m ...`",
                path=str(self.config),
            )
        from asyncmig.config.files.layers import read_toml

        tool = read_toml(self.config).get("tool")
        if isinstance(tool, dict) and "asyncmig" in tool:
            raise ConfigError(
                f"{self.config} already has a [tool.asyncmig] table",
                hint="change script_location there, or add a database below [tool.asyncmig]",
                path=str(self.config),
            )
        self._config_before = self.config.read_bytes()

    def copy(self, template: ProjectTemplate) -> None:
        """Create the script directory with the files of the template."""
        self._make_folder(self.directory)
        for path, content in template.files():
            target = self.directory.joinpath(*path)
            self._make_folder(target.parent)
            self._write(target, content)

    def configure(self, template: ProjectTemplate, models: FoundModels | None) -> None:
        """Create the configuration file, or append to an existing ``pyproject.toml``."""
        location = _relative(self.directory, self.config.parent)
        values = {
            # a JSON string without its quotes is a TOML string without its quotes
            "script_location": _toml(location)[1:-1],
            "target_metadata": '# target_metadata = "app.models:Base.metadata"',
            "prepend_sys_path": '# prepend_sys_path = ["."]',
        }
        if models is not None:
            names = models.names[0] if len(models.names) == 1 else list(models.names)
            values["target_metadata"] = f"target_metadata = {_toml(names)}"
            if models.sys_path != ".":
                values["prepend_sys_path"] = f"prepend_sys_path = {_toml([models.sys_path])}"
        text = fill(template.config_text, values, origin=str(template.folder))
        self._make_folder(self.config.parent)
        if self._config_before is None:
            self._write(self.config, text.encode())
            return
        newline = "\r\n" if b"\r\n" in self._config_before else "\n"
        gap = newline * 2 if self._config_before.strip() else ""
        if self._config_before.endswith(b"\n"):
            gap = gap.removeprefix(newline)
        with self.config.open("ab") as file:
            file.write((gap + text.replace("\n", newline)).encode())

    def make_version_locations(self, *, package: bool) -> None:
        """Create the folders that the new configuration names; this also checks that it is readable."""
        common = load(self.config, environ={}, cwd=self.config.parent)
        names = common.databases or (None,)
        for name in names:
            settings = load(self.config, name=name, environ={}, cwd=self.config.parent)
            for folder in settings.version_paths:
                self._make_folder(folder)
            if package:
                for folder in (self.directory, settings.script_location, *settings.version_paths):
                    marker = folder / "__init__.py"
                    if marker not in self.created:
                        self._write(marker, b"")

    def remove(self) -> None:
        """Remove everything that was created, and restore the configuration file."""
        for path in reversed(self.created):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if self._config_before is not None:
            with contextlib.suppress(OSError):
                self.config.write_bytes(self._config_before)

    def _make_folder(self, path: Path) -> None:
        missing = [path, *path.parents]
        for folder in reversed([folder for folder in missing if not folder.exists()]):
            folder.mkdir()
            self.created.append(folder)

    def _write(self, path: Path, content: bytes) -> None:
        with path.open("xb") as file:
            self.created.append(path)
            file.write(content)


def _toml(value: str | list[str]) -> str:
    """A string or a list of strings; JSON's notation is valid in TOML."""
    return json.dumps(value, ensure_ascii=False)


def _relative(path: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(path, base)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()
