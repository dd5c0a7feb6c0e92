"""``import alembic`` in a whole process, where Alembic is not installed."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.imports import facade_module, has_facade_module
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["install"]

_ROOT = "alembic"


class _Finder(MetaPathFinder):
    """Finds ``alembic`` and its modules in asyncmig."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Asyncmig's module of this name, if there is one."""
        del path, target
        if fullname.partition(".")[0] != _ROOT or not has_facade_module(fullname):
            return None
        return ModuleSpec(fullname, _Loader(), is_package=fullname.count(".") < 2)


class _Loader(Loader):
    """Puts asyncmig's module in the place of the one that the import system made."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None: the import system makes one, which gives way."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Let ``sys.modules`` have asyncmig's module, which has executed already."""
        sys.modules[module.__name__] = facade_module(module.__name__)


_finder = _Finder()


def install() -> None:
    """Let ``import alembic`` give asyncmig's modules in this process, also to packages like Flask-Migrate.

    Call it before anything imports Alembic; a second call does nothing. A module of Alembic that asyncmig
    does not have is missing then: there is no mixture of both.

    Raises:
        ConfigError: Alembic itself has been imported.

    Example::

        import asyncmig.alembic

        asyncmig.alembic.install()
        import alembic.command
    """
    if _finder in sys.meta_path:
        return
    found: Any = sys.modules.get(_ROOT)
    if found is not None:
        raise ConfigError(
            f"Alembic {getattr(found, '__version__', '')} is imported already, from {found.__file__}",
            hint="call asyncmig.alembic.install() before anything that imports alembic",
        )
    sys.meta_path.insert(0, _finder)
