"""``psycopg2.sql`` and ``psycopg.sql`` for scripts: their objects write themselves on asyncmig's cursors too.

``Identifier("a").as_string(cursor)`` asks libpq to quote, by a connection of the driver's own. The classes
here do the same work for any other cursor or connection. In psycopg2 ``SQL`` and ``Composed`` ask their
parts; in psycopg every class reads the encoding of the connection, so all of them are replaced, and what
they make.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.base import PGDialect

from asyncmig.alembic_compat.psycopg2_compat.composed import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["sql_stand_in"]

_ROOTS = frozenset({"psycopg", "psycopg2", "sqlalchemy"})
"""Packages whose own imports stay as they are written."""


def sql_stand_in(
    name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
) -> ModuleType | None:
    """The module for an import of a driver's ``sql``; None where the import is of something else."""
    if str((importer or {}).get("__name__") or "").partition(".")[0] in _ROOTS:
        return None
    driver, _, module = name.partition(".")
    if module == "sql":
        stand_in = _MODULES[driver]()
        return stand_in if fromlist else _With(import_module(driver), {"sql": stand_in})
    if not module and "sql" in fromlist:
        return _With(import_module(driver), {"sql": _MODULES[driver]()})
    return None


class _With(ModuleType):
    """A module with some of its names replaced; the rest is the module's own."""

    def __init__(self, real: ModuleType, replaced: Mapping[str, Any]) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_real"] = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_real"], name)


@cache
def _psycopg2_sql() -> ModuleType:
    real = import_module("psycopg2.sql")
    return _With(real, {name: _portable(getattr(real, name)) for name in ("Identifier", "Literal")})


def _portable(base: Any) -> Any:
    """A class of ``psycopg2.sql`` that needs no connection of psycopg2's."""
    extensions: Any = import_module("psycopg2.extensions")

    def as_string(self: Any, context: Any) -> Any:
        if isinstance(context, extensions.connection | extensions.cursor):
            return base.as_string(self, context)
        dialect = getattr(context, "dialect", None) or PGDialect()
        return text_of(self, dialect)

    return type(base.__name__, (base,), {"as_string": as_string, "__module__": base.__module__})


@cache
def _psycopg_sql() -> ModuleType:
    real = import_module("psycopg.sql")
    classes: dict[str, Any] = {}
    for name in ("Composed", "Identifier", "Literal", "Placeholder", "SQL"):
        classes[name] = _without_context(getattr(real, name), classes)
    return _With(real, classes)


def _without_context(base: Any, classes: Mapping[str, Any]) -> Any:
    """A class of ``psycopg.sql`` that takes a connection of another driver for none.

    Args:
        base: the class.
        classes: all of them, by name; it is filled later.
    """

    def writing(method: str) -> Any:
        def write(self: Any, context: Any = None) -> Any:
            is_psycopg = any(
                kind.__module__.partition(".")[0] == "psycopg" for kind in type(context).__mro__
            )
            return getattr(base, method)(self, context if is_psycopg else None)

        return write

    def making(method: str) -> Any:
        def make(self: Any, *args: Any, **kwargs: Any) -> Any:
            made = getattr(base, method)(self, *args, **kwargs)
            if type(made).__module__ == base.__module__:
                made.__class__ = classes[type(made).__name__]
            return made

        return make

    makers = ("__add__", "__mul__", "__rmul__", "format", "join")
    methods = {name: writing(name) for name in ("as_bytes", "as_string")}
    methods |= {name: making(name) for name in makers if hasattr(base, name)}
    return type(base.__name__, (base,), {**methods, "__module__": base.__module__})


_MODULES = {"psycopg": _psycopg_sql, "psycopg2": _psycopg2_sql}
