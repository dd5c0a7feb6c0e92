"""Imports a revision file as a module."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError, ScriptError
from asyncmig.revisions.files.failing_line import failing_line

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import ModuleType

    ImportContext = Callable[[], AbstractContextManager[object]]

__all__ = ["ImportContext", "forget_module", "import_script", "is_script_module"]

_PREFIX = "asyncmig_script_"


def import_script(
    path: str, *, revision: str | None = None, import_context: ImportContext | None = None
) -> tuple[ModuleType, ast.Module | None]:
    """Execute a Python file, source or byte code, as a new module.

    The module is in ``sys.modules`` under a unique name, because dataclasses, pickles and type hints look
    it up there; ``forget_module`` removes it.

    Args:
        path: the file.
        revision: its id, for errors.
        import_context: makes a context manager that is active while the module is executed.

    Returns:
        The module; and its syntax tree, if it was compiled on the way.

    Raises:
        ScriptError: it is not valid Python, or raises an error.
    """
    from asyncmig.revisions.files.loader import ByteCodeLoader, SourceLoader

    name = _module_name(path)
    loader = SourceLoader(name, path) if path.endswith(".py") else ByteCodeLoader(name, path)
    module = loader.new_module()
    sys.modules[name] = module
    try:
        code = loader.code()
        with import_context() if import_context else contextlib.nullcontext():
            exec(code, module.__dict__)  # noqa: S102  # running the user's script is the purpose
    except BaseException as error:
        forget_module(name, id(module))
        if isinstance(error, AsyncmigError) or not isinstance(error, Exception | SystemExit):
            raise
        raise _script_error(error, path, revision) from error
    return module, loader.take_tree()


def forget_module(name: str, identity: int) -> None:
    """Remove a script's module from ``sys.modules``, unless another module has replaced it."""
    if id(sys.modules.get(name)) == identity:
        del sys.modules[name]


def is_script_module(name: str) -> bool:
    """Whether a module with this name is a script."""
    return name.startswith(_PREFIX)


def _module_name(path: str) -> str:
    stem = re.sub(r"\W", "_", Path(path).name.partition(".")[0])
    return f"{_PREFIX}{stem}_{zlib.crc32(os.fsencode(path)):08x}"


def _script_error(error: BaseException, path: str, revision: str | None) -> ScriptError:
    line, text = _place_of(error, path)
    place = f"{path}:{line}" if line else path
    if isinstance(error, SyntaxError) and error.filename == path:
        message, hint = f"{place} is not valid Python: {error.msg}", f"correct the line: {text}"
    elif isinstance(error, ImportError):
        message = f"{place} cannot be imported: {error}"
        hint = (
            "install the package where asyncmig runs, or add its folder to `prepend_sys_path`"
            if isinstance(error, ModuleNotFoundError)
            else f"correct the import: {text}"
        )
    else:
        message = f"{place} raises {type(error).__name__} when it is imported: {error}"
        hint = f"correct the line: {text}" if text else "run the file with python to see more"
    return ScriptError(
        " ".join(message.split()), hint=hint, path=path, line=line, text=text, revision=revision
    )


def _place_of(error: BaseException, path: str) -> tuple[int | None, str]:
    """The last line of the script that was executed, or that is not valid Python."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno, (error.text or "").strip()
    line = failing_line(path, error)
    if line is None:
        return None, ""
    import linecache

    linecache.checkcache(path)
    return line, linecache.getline(path, line).strip()
