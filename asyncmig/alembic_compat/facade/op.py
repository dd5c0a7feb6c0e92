"""``alembic.op``: every directive as a function, of whichever script is running when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.facade import Operations
from asyncmig.operations.op_proxy import current

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
    if name == "batch_alter_table":
        return _in_place(member)
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


def _in_place(member: Any) -> Callable[..., Any]:
    """``batch_alter_table`` of scripts that ask for a copy of the table, which SQLite needs."""

    def batch_alter_table(
        table_name: str,
        schema: str | None = None,
        recreate: str = "auto",
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        way = "auto" if recreate == "always" else recreate
        return current().batch_alter_table(table_name, schema, way, *args, **kwargs)  # type: ignore[arg-type]  # checked there

    batch_alter_table.__doc__ = member.__doc__
    return batch_alter_table
