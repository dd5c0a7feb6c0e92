"""The project templates of ``init``: those of asyncmig, and folders of the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import ConfigError
from asyncmig.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["PYPROJECT", "ProjectTemplate", "TemplateInfo", "find_template", "list_templates"]

PYPROJECT = "pyproject.toml"

_ALIASES = {"async": "generic"}
_CONFIGS = ("asyncmig.toml", PYPROJECT)
_ENDING = ".template"
_README = "README"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateInfo(Result):
    """A template of ``init``: its name and what it creates."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ProjectTemplate:
    """A template: a folder with the template of a configuration file, and files for the project.

    Attributes:
        folder: of the template.
        config_name: the configuration file that it creates, ``asyncmig.toml`` or ``pyproject.toml``.
    """

    folder: Traversable
    config_name: str

    @property
    def config_text(self) -> str:
        """The template of the configuration file."""
        return (self.folder / f"{self.config_name}{_ENDING}").read_text("utf-8")

    @property
    def takes_models(self) -> bool:
        """Whether the configuration has a place for ``target_metadata``."""
        return "${target_metadata}" in self.config_text

    def files(self) -> Iterator[tuple[tuple[str, ...], bytes]]:
        """The files for the script directory: path and content."""
        return _files(self.folder)


def list_templates() -> tuple[TemplateInfo, ...]:
    """The templates that ``init_project`` finds by name."""
    found = {
        folder.name: _first_line(folder) for folder in _templates().iterdir() if folder.is_dir()
    }
    for alias, name in _ALIASES.items():
        found[alias] = f"The same as {name}: every project of asyncmig is asynchronous."
    return tuple(TemplateInfo(name=name, description=found[name]) for name in sorted(found))


def find_template(template: str, cwd: Path) -> ProjectTemplate:
    """A template by its name, or by the path of its folder.

    Raises:
        ConfigError: there is none, or it has not exactly one configuration file.
    """
    folder = _find_folder(template, cwd)
    names = [name for name in _CONFIGS if (folder / f"{name}{_ENDING}").is_file()]
    if len(names) != 1:
        has = "both of" if names else "neither of"
        raise ConfigError(
            f"the template '{template}' has {has} asyncmig.toml{_ENDING} and pyproject.toml{_ENDING}",
            hint="a template folder holds one of them, for the project's configuration",
        )
    return ProjectTemplate(folder, names[0])


def _find_folder(template: str, cwd: Path) -> Traversable:
    known = [info.name for info in list_templates()]
    if template in known:
        return _templates() / _ALIASES.get(template, template)
    own = cwd / template
    if own.is_dir():
        return own
    near = nearest(template, known)
    raise ConfigError(
        f"there is no template '{template}'",
        hint=(f"did you mean '{near}'? " if near else "")
        + f"there are {', '.join(known)}; or give the path of a template folder",
        nearest=near,
        argument="template",
    )


def _templates() -> Traversable:
    from importlib.resources import files

    return files("asyncmig.scaffold") / "templates"


def _files(
    folder: Traversable, below: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = (*below, entry.name)
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, path)
        elif below or entry.name not in {f"{name}{_ENDING}" for name in _CONFIGS}:
            yield path, entry.read_bytes()


def _first_line(folder: Traversable) -> str:
    return (folder / _README).read_text("utf-8").partition("\n")[0].strip()
