"""Import loaders for revision files: source with cached byte code, or byte code alone."""

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
        tree: the syntax tree; None if cached byte code was used.
    """

    tree: ast.Module | None = None

    def new_module(self) -> ModuleType:
        """An empty module with its ``__file__``."""
        return _new_module(self)

    def code(self) -> CodeType:
        """Compile the file, or use its byte code.

        Python compares byte code by size and whole seconds. A file that was just saved may be saved
        again within the same second, so its byte code is neither used nor written.
        """
        if time.time() - Path(self.path).stat().st_mtime < _TOO_FRESH:
            return self.source_to_code(self.get_data(self.path), self.path)
        return cast("CodeType", self.get_code(self.name))  # only packages have none

    def take_tree(self) -> ast.Module | None:
        """The syntax tree, for the caller alone: the module keeps its loader, and a tree is large."""
        taken, self.tree = self.tree, None
        return taken

    def source_to_code(  # type: ignore[override]  # typeshed has the static method of another class
        self, data: bytes, path: str, *, _optimize: int = -1
    ) -> CodeType:
        """Compile through the syntax tree, which is kept; called by the import system."""
        tree = self.tree = tree_of(data, path)
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)


class ByteCodeLoader(SourcelessFileLoader):
    """Loads byte code without a source; there is never a tree."""

    def take_tree(self) -> None:
        """None."""

    def new_module(self) -> ModuleType:
        """An empty module with its ``__file__``."""
        return _new_module(self)

    def code(self) -> CodeType:
        """The code of the file."""
        return cast("CodeType", self.get_code(self.name))  # only packages have none


def _new_module(loader: SourceLoader | ByteCodeLoader) -> ModuleType:
    spec = ModuleSpec(loader.name, loader, origin=loader.path)
    spec.has_location = True  # gives the module a __file__
    return module_from_spec(spec)
