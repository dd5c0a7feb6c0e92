"""``psycopg2.sql`` for scripts: its objects write themselves on cursors of asyncmig too.

``Identifier("a").as_string(cursor)`` asks libpq to quote, by a connection of psycopg2's own. The classes here
do the same work for any other cursor or connection; ``SQL`` and ``Composed`` ask their parts.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.base import PGDialect

from asyncmig.alembic_compat.psycopg2_compat.composed import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["sql_stand_in"]

_ROOTS = frozenset({"psycopg2", "sqlalchemy"})
"""Packages whose own imports stay as they are written."""


def sql_stand_in(
    name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
) -> ModuleType | None:
    """The module for an import of ``psycopg2.sql``; None where the import is of something else."""
    if str((importer or {}).get("__name__") or "").partition(".")[0] in _ROOTS:
        return None
    if name == "psycopg2.sql":
        module = _sql()
        return module if fromlist else _With(import_module("psycopg2"), {"sql": module})
    if name == "psycopg2" and "sql" in fromlist:
        return _With(import_module("psycopg2"), {"sql": _sql()})
    return None


class _With(ModuleType):
    """A module with some of its names replaced; the rest is the module's own."""

    def __init__(self, real: ModuleType, replaced: Mapping[str, Any]) -> None:
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["_real"] = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_real"], name)


def _sql() -> ModuleType:
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
