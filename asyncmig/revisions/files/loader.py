"""How the import system reads a revision file: source with its byte code beside it, or byte code alone."""

from __future__ import annotations

import time
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    import ast
    from types import CodeType, ModuleType

__all__ = ["ByteCodeLoader", "SourceLoader"]

_TOO_FRESH = 2.0  # seconds


class SourceLoader(SourceFileLoader):
    """Loads a source file.

    Attributes:
        tree: the syntax tree, where the byte code did not spare compiling it.
    """

    tree: ast.Module | None = None

    def new_module(self) -> ModuleType:
        """An empty module that knows its file."""
        return _new_module(self)

    def code(self) -> CodeType:
        """Compile the file, or take its byte code.

        Python trusts byte code by size and whole seconds of time. A script that was saved a moment ago
        may be saved again within that second, so its byte code is neither used nor written.
        """
        if time.time() - Path(self.path).stat().st_mtime < _TOO_FRESH:
            return self.source_to_code(self.get_data(self.path), self.path)
        return cast("CodeType", self.get_code(self.name))  # only packages have none

    def source_to_code(  # type: ignore[override]  # typeshed has the static method of another class
        self, data: bytes, path: str, *, _optimize: int = -1
    ) -> CodeType:
        """Compile by way of the syntax tree, which is kept; the import system calls it."""
        tree = self.tree = tree_of(data, path)
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)


class ByteCodeLoader(SourcelessFileLoader):
    """Loads byte code without a source; there is never a tree."""

    tree: ast.Module | None = None

    def new_module(self) -> ModuleType:
        """An empty module that knows its file."""
        return _new_module(self)

    def code(self) -> CodeType:
        """What the file holds."""
        return cast("CodeType", self.get_code(self.name))  # only packages have none


def _new_module(loader: SourceLoader | ByteCodeLoader) -> ModuleType:
    spec = ModuleSpec(loader.name, loader, origin=loader.path)
    spec.has_location = True  # gives the module a __file__
    return module_from_spec(spec)
