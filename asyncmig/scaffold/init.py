"""New projects, from templates."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.config.loading import load
from asyncmig.config.search import refuse_second
from asyncmig.config.source import nearest
from asyncmig.errors import ConfigError, FileError
from asyncmig.render.templates.template import fill
from asyncmig.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

__all__ = ["InitResult", "TemplateInfo", "init_project", "list_templates"]

_ALIASES = {"async": "generic"}
_CONFIGS = ("asyncmig.toml", "pyproject.toml")
_ENDING = ".template"
_README = "README"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateInfo(Result):
    """A template of ``init``: its name and what it makes."""

    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult(Result):
    """What ``init`` made.

    Attributes:
        template: the template's name.
        directory: the script directory.
        config: the configuration file.
        created: files and folders that are new, in order.
        changed: files that were there and have something added.
    """

    template: str
    directory: str
    config: str
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Every path, new ones first."""
        yield from (*self.created, *self.changed)


def list_templates() -> tuple[TemplateInfo, ...]:
    """The templates that ``init_project`` knows by name."""
    found = {
        folder.name: _first_line(folder) for folder in _templates().iterdir() if folder.is_dir()
    }
    for alias, name in _ALIASES.items():
        found[alias] = f"The same as {name}: every project of asyncmig is asynchronous."
    return tuple(TemplateInfo(name=name, description=found[name]) for name in sorted(found))


def init_project(
    directory: str | Path,
    *,
    template: str = "generic",
    package: bool = False,
    config_path: str | Path | None = None,
    cwd: Path | None = None,
) -> InitResult:
    """Make a script directory and its configuration; all of it or nothing.

    Args:
        directory: the script directory, relative to ``cwd``; it may be there when it is empty.
        template: a name of ``list_templates()``, or the path of a template folder of your own. Such
            a folder holds ``asyncmig.toml.template`` or ``pyproject.toml.template`` (text with
            ``${script_location}``), and whatever else there is goes into the script directory.
        package: make the script directory and its version locations importable packages.
        config_path: the configuration file; None is ``asyncmig.toml`` in ``cwd``, or
            ``pyproject.toml`` where the template says so.
        cwd: the working directory; None is the process's.

    Raises:
        FileError: the directory is not empty, the configuration exists already, or something cannot
            be written. Facts: ``path``.
        ConfigError: there is no such template, or ``pyproject.toml`` has a ``[tool.asyncmig]``.
    """
    cwd = Path.cwd() if cwd is None else cwd.absolute()
    wanted = None if config_path is None else cwd / config_path
    if wanted is not None and wanted.name == _CONFIGS[1] and template in ("generic", "async"):
        template = "pyproject"
    source = _find(template, cwd)
    kind = _config_kind(source, template)
    config = wanted or cwd / kind
    making = _Making(cwd / directory, config)
    making.check(kind)
    try:
        making.copy(source)
        making.configure((source / f"{kind}{_ENDING}").read_text("utf-8"), str(source))
        making.version_locations(package=package)
    except OSError as error:
        making.undo()
        reason = (error.strerror or str(error)).lower()
        raise FileError(
            f"{error.filename or making.directory} cannot be written: {reason}",
            hint="nothing of the project was left behind; check the folder's permissions",
            path=str(error.filename or making.directory),
        ) from error
    except BaseException:
        making.undo()
        raise
    return InitResult(
        template=template,
        directory=str(making.directory),
        config=str(config),
        created=tuple(map(str, making.created)),
        changed=() if config in making.created else (str(config),),
    )


class _Making:
    """The files and folders of one project, so that they can be taken back."""

    def __init__(self, directory: Path, config: Path) -> None:
        self.directory = directory
        self.config = config
        self.created: list[Path] = []
        self.before: bytes | None = None

    def check(self, kind: str) -> None:
        """Refuse to write over anything, before anything is written."""
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
                f"{self.config} is no TOML file, which is what asyncmig writes",
                hint="give -c a name that ends with .toml",
                path=str(self.config),
            )
        refuse_second(self.config.absolute())
        if not self.config.exists():
            return
        if kind != _CONFIGS[1]:
            raise FileError(
                f"{self.config} already exists",
                hint="give -c another name; or keep that file, make the folder `versions` in what it says is "
                "the script_location, and write a revision with `asyncmig revision -m ...`",
                path=str(self.config),
            )
        from asyncmig.config.layers import read_toml

        tool = read_toml(self.config).get("tool")
        if isinstance(tool, dict) and "asyncmig" in tool:
            raise ConfigError(
                f"{self.config} already has a [tool.asyncmig] table",
                hint="change script_location there, or add a database below [tool.asyncmig]",
                path=str(self.config),
            )
        self.before = self.config.read_bytes()

    def copy(self, source: Traversable) -> None:
        self.folder(self.directory)
        for path, content in _contents(source):
            target = self.directory.joinpath(*path)
            self.folder(target.parent)
            self.write(target, content)

    def configure(self, template: str, origin: str) -> None:
        location = _relative(self.directory, self.config.parent)
        # A JSON string without its quotes is a TOML string without its quotes.
        values = {"script_location": json.dumps(location, ensure_ascii=False)[1:-1]}
        text = fill(template, values, origin=origin)
        self.folder(self.config.parent)
        if self.before is None:
            self.write(self.config, text.encode())
            return
        newline = "\r\n" if b"\r\n" in self.before else "\n"
        gap = (
            ""
            if not self.before.strip()
            else newline
            if self.before.endswith(b"\n")
            else newline * 2
        )
        with self.config.open("ab") as file:
            file.write((gap + text.replace("\n", newline)).encode())

    def version_locations(self, *, package: bool) -> None:
        """Make the folders that the new configuration names; this reads it once, too."""
        common = load(self.config, environ={}, cwd=self.config.parent)
        names = common.databases or (None,)
        every = [load(self.config, name=name, environ={}, cwd=self.config.parent) for name in names]
        for settings in every:
            for folder in settings.version_paths:
                self.folder(folder)
            if package:
                for folder in (self.directory, settings.script_location, *settings.version_paths):
                    marker = folder / "__init__.py"
                    if marker not in self.created:
                        self.write(marker, b"")

    def folder(self, path: Path) -> None:
        missing = [path, *path.parents]
        for folder in reversed([folder for folder in missing if not folder.exists()]):
            folder.mkdir()
            self.created.append(folder)

    def write(self, path: Path, content: bytes) -> None:
        with path.open("xb") as file:
            self.created.append(path)
            file.write(content)

    def undo(self) -> None:
        import contextlib

        for path in reversed(self.created):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if self.before is not None:
            with contextlib.suppress(OSError):
                self.config.write_bytes(self.before)


def _templates() -> Traversable:
    from importlib.resources import files

    return files("asyncmig.scaffold") / "templates"


def _find(template: str, cwd: Path) -> Traversable:
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
    )


def _config_kind(source: Traversable, template: str) -> str:
    kinds = [kind for kind in _CONFIGS if (source / f"{kind}{_ENDING}").is_file()]
    if len(kinds) != 1:
        has = "both of" if kinds else "neither of"
        raise ConfigError(
            f"the template '{template}' has {has} asyncmig.toml{_ENDING} and pyproject.toml{_ENDING}",
            hint="a template folder holds one of them, for the project's configuration",
        )
    return kinds[0]


def _contents(
    source: Traversable, below: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Every file that goes into the script directory, by its path there."""
    for entry in sorted(source.iterdir(), key=lambda entry: entry.name):
        path = (*below, entry.name)
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _contents(entry, path)
        elif below or entry.name not in {f"{kind}{_ENDING}" for kind in _CONFIGS}:
            yield path, entry.read_bytes()


def _first_line(folder: Traversable) -> str:
    return (folder / _README).read_text("utf-8").partition("\n")[0].strip()


def _relative(path: Path, base: Path) -> str:
    try:
        return Path(os.path.relpath(path, base)).as_posix()
    except ValueError:
        # Windows: another drive.
        return path.as_posix()
