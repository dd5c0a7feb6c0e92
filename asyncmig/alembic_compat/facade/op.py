"""``alembic.op``: every directive as a function, of whichever script is running when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.facade import Operations
from asyncmig.operations.proxy import current

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_OTHER_PACKAGES: dict[str, str] = dict.fromkeys(
    ("add_enum_value", "sync_enum_values"), "asyncmig.alembic_compat.enum_facade.sync"
)
"""Directives that packages for Alembic add to it."""

_OF_THE_CLASS = frozenset({"register_operation", "implementation_for", "context"})


def __getattr__(name: str) -> Any:
    if name == "_proxy":
        return current()
    if name.startswith("_"):
        raise AttributeError(name)
    if name in _OF_OTHER_PACKAGES and not _is_registered(name):
        return _of_another_package(name)
    member = getattr(Operations, name)
    if name in _OF_THE_CLASS:
        return member
    if callable(member):
        return _directive(name, member)
    return getattr(current(), name)


def _is_registered(name: str) -> bool:
    """True where somebody has put a directive of that name on the class."""
    return name in vars(Operations)


def _of_another_package(name: str) -> Callable[..., Any]:
    from importlib import import_module

    function = getattr(import_module(_OF_OTHER_PACKAGES[name]), name)

    def directive(*args: Any, **kwargs: Any) -> Any:
        return function(current(), *args, **kwargs)

    return directive


def __dir__() -> list[str]:
    return [name for name in dir(Operations) if not name.startswith("_")]


def _directive(name: str, member: Any) -> Callable[..., Any]:
    def directive(*args: Any, **kwargs: Any) -> Any:
        return getattr(current(), name)(*args, **kwargs)

    directive.__name__ = directive.__qualname__ = name
    directive.__doc__ = member.__doc__
    return directive
