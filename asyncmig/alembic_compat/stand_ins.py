"""Modules that the files of a migration environment import, with some of their functions replaced."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["StandIns"]

_SYNC = ("create_engine", "engine_from_config")
_ASYNC = ("create_async_engine", "async_engine_from_config")
_REPLACED: dict[str, tuple[str, ...]] = {
    "logging": (),
    "logging.config": ("fileConfig", "dictConfig"),
    "sqlalchemy": _SYNC,
    "sqlalchemy.engine": _SYNC,
    "sqlalchemy.engine.create": _SYNC,
    "sqlalchemy.ext": (),
    "sqlalchemy.ext.asyncio": _ASYNC,
    "sqlalchemy.ext.asyncio.engine": _ASYNC,
    "sqlmodel": ("create_engine",),
}
"""Modules whose functions make engines, or reach out of the file."""
_ROOTS = frozenset(name.partition(".")[0] for name in _REPLACED)


class StandIns:
    """Stands in for the modules that make engines, or configure the logging of the process.

    Args:
        make: called with a module and the name of a function that makes engines; gives the function that
            takes its place.
    """

    def __init__(self, make: Callable[[str, str], Callable[..., Any]]) -> None:
        self._make = make

    def of_import(
        self, name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str], home: Path
    ) -> Any:
        """The module for an import in a file below ``home``; None where it is as written."""
        if name.partition(".")[0] not in _ROOTS:
            return None
        file = (importer or {}).get("__file__")
        if not isinstance(file, str) or not Path(file).resolve().is_relative_to(home):
            return None
        __import__(name)
        return self.of_module(name if fromlist else name.partition(".")[0])

    def of_module(self, name: str) -> ModuleType:
        """A module, or its replacement."""
        real = sys.modules[name]
        if name not in _REPLACED:
            return real
        replaced = {
            key: _nothing if name == "logging.config" else self._make(name, key)
            for key in _REPLACED[name]
        }
        return _StandIn(real, replaced, self)


class _StandIn(ModuleType):
    """A module with some of its names replaced; the rest is the module's own."""

    def __init__(self, real: ModuleType, replaced: Mapping[str, Any], others: StandIns) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_real"] = real
        self.__dict__["_others"] = others
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        inner = f"{self.__name__}.{name}"
        own = self.__dict__
        return (
            own["_others"].of_module(inner) if inner in _REPLACED else getattr(own["_real"], name)
        )


def _nothing(*_: Any, **__: Any) -> None:
    """In the place of functions that would configure the logging of the process."""
