"""Imports objects of the user's code by name: ``app.models:Base.metadata``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType, TracebackType

__all__ = ["extend_sys_path", "import_object", "import_objects"]


def extend_sys_path(paths: Iterable[str | Path]) -> None:
    """Insert folders at the front of ``sys.path``, in this order, unless they are on it.

    They stay there, as with Alembic, because revisions and models may import more when they run. This is
    called before users' code is imported, never while settings are loaded.
    """
    new = [text for path in paths if (text := str(path)) not in sys.path]
    sys.path[:0] = new


def import_object(spec: str, *, sys_path: Iterable[str | Path] = ()) -> object:
    """The module ``package.module``, or the object ``package.module:name.attribute``.

    Args:
        spec: the name.
        sys_path: ``Settings.prepend_sys_path``, see ``extend_sys_path``.

    Raises:
        ConfigError: there is no such module, its import fails (the message has file, line and reason),
            or it has no such name. The cause is the exception itself.

    Example:
        >>> import_object("pathlib:Path.cwd").__name__
        'cwd'
    """
    extend_sys_path(sys_path)
    module_name, _, names = spec.partition(":")
    found: object = _import_module(module_name, spec)
    seen = module_name
    for name in filter(None, names.split(".")):
        try:
            found = getattr(found, name)
        except AttributeError:
            near = nearest(name, dir(found))
            hint = (
                f"did you mean '{near}'?" if near else "write the name after the colon: module:name"
            )
            raise ConfigError(
                f"'{spec}': {seen} has no '{name}'", hint=hint, module=module_name, nearest=near
            ) from None
        seen = f"{seen}.{name}"
    return found


def import_objects(
    specs: str | Iterable[str] | None, *, sys_path: Iterable[str | Path] = ()
) -> tuple[object, ...]:
    """One object for each name; empty for None.

    Raises:
        ConfigError: as ``import_object``.
    """
    names = (specs,) if isinstance(specs, str) else tuple(specs or ())
    folders = tuple(sys_path)
    return tuple(import_object(name, sys_path=folders) for name in names)


def _import_module(name: str, spec: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise ConfigError(
                f"'{spec}' cannot be imported: there is no module '{error.name}'",
                hint="add its folder to prepend_sys_path, or install the package",
                module=name,
            ) from error
        raise _broken(name, spec, error) from error
    except (Exception, SystemExit) as error:
        # A module may raise any error when it is imported, and SystemExit if it parses the command line.
        raise _broken(name, spec, error) from error


def _broken(name: str, spec: str, error: Exception | SystemExit) -> ConfigError:
    if isinstance(error, SyntaxError) and error.filename:
        path, line = error.filename, error.lineno or 0
    else:
        path, line = _innermost(error.__traceback__)
    where = f"{path}:{line}" if path else name
    cause = str(error.msg if isinstance(error, SyntaxError) else error).partition("\n")[0]
    return ConfigError(
        f"'{spec}' cannot be imported: {where}: {type(error).__name__}: {cause}".rstrip(": "),
        hint=f"try to import it alone: python -c 'import {name}'",
        module=name,
        path=path or None,
        line=line or None,
    )


def _innermost(traceback: TracebackType | None) -> tuple[str, int]:
    """The innermost frame of the user's code, or of a library if there is none."""
    import sysconfig

    own = other = ("", 0)
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    libraries = tuple(os.path.join(sysconfig.get_path(kind), "") for kind in kinds)  # noqa: PTH118 - text
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file != __file__ and "importlib" not in file:
            other = (file, traceback.tb_lineno)
            if not file.startswith(libraries):
                own = other
        traceback = traceback.tb_next
    return own if own[0] else other
