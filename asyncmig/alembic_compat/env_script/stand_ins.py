"""Modules that the files of a migration environment import, with some of their functions replaced.

The replacements look at whose ``env.py`` runs when they are called, so that a module which keeps one does
what SQLAlchemy does at any other time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.imports import current_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["stand_in_for"]


class _StandIn(ModuleType):
    """A module with some of its names replaced; the rest is the module's own."""

    def __init__(self, real: ModuleType, replaced: Mapping[str, Any]) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_real"] = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        inner = f"{self.__name__}.{name}"
        return _stand_in(inner) if inner in _REPLACED else getattr(self.__dict__["_real"], name)


def stand_in_for(
    name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str], home: Path
) -> Any:
    """The module for an import in a file below ``home``; None where it is as written."""
    if name.partition(".")[0] not in _ROOTS:
        return None
    file = (importer or {}).get("__file__")
    if not isinstance(file, str) or not Path(file).resolve().is_relative_to(home):
        return None
    __import__(name)
    return _stand_in(name) if fromlist else _stand_in(name.partition(".")[0])


def _stand_in(name: str) -> Any:
    real = sys.modules[name]
    if name not in _REPLACED:
        return real
    return _StandIn(real, {key: _by_environment(name, key) for key in _REPLACED[name]})


def _by_environment(module: str, name: str) -> Callable[..., Any]:
    """A function of SQLAlchemy's, or of the running environment's."""
    if name in {"fileConfig", "dictConfig"}:
        return _nothing

    def function(*args: Any, **kwargs: Any) -> Any:
        engines: Any = getattr(current_environment(), "engines", None)
        owner = sys.modules[module] if engines is None else engines
        return getattr(owner, name)(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    return function


def _nothing(*_: Any, **__: Any) -> None:
    """In the place of functions that would configure the logging of the process."""


_SYNC = ("create_engine", "engine_from_config")
_ASYNC = ("create_async_engine", "async_engine_from_config")
_LOGGING = ("fileConfig", "dictConfig")
_REPLACED: dict[str, tuple[str, ...]] = {
    "logging": (),
    "logging.config": _LOGGING,
    "sqlalchemy": _SYNC,
    "sqlalchemy.engine": _SYNC,
    "sqlalchemy.engine.create": ("create_engine",),
    "sqlalchemy.ext": (),
    "sqlalchemy.ext.asyncio": _ASYNC,
    "sqlalchemy.ext.asyncio.engine": _ASYNC,
    "sqlmodel": ("create_engine",),
}
"""Modules whose functions make engines, or reach out of the file."""
_ROOTS = frozenset(name.partition(".")[0] for name in _REPLACED)
