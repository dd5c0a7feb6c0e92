"""The working directory, and folders of configuration files: paths, or ``package:folder``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.config.files.source import ValueSource

__all__ = ["resolve_location", "working_directory"]


def working_directory() -> Path:
    """The working directory of the process.

    Raises:
        FileError: it was deleted.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise FileError(
            "the working directory was deleted", hint="change to a folder that exists"
        ) from error


def resolve_location(text: str, place: ValueSource) -> Path:
    """The absolute path of a script location.

    ``package:folder`` (Alembic's form, for scripts in a wheel) is found without importing the package,
    unless it is inside another one.

    Raises:
        ConfigKeyError: there is no such package, or it is not a folder.
    """
    path = Path(text)
    if path.is_absolute() or ":" not in text:
        return place.base / path
    package, *inside = text.split(":")
    folder = _package_folder(package, place.sys_path)
    if folder is None:
        raise place.fault(
            f"names the package '{package}', which is not an importable folder",
            hint="install the package, or add its folder to prepend_sys_path",
        )
    return folder.joinpath(*inside)


def _package_folder(package: str, sys_path: Sequence[Path]) -> Path | None:
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    first, *rest = package.split(".")
    try:
        # Looked up without import: loading settings must not execute users' code.
        spec = PathFinder.find_spec(first, [str(path) for path in sys_path]) or find_spec(first)
    except (ImportError, ValueError):
        return None
    for name in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    return folder.absolute() if folder.is_dir() else None
