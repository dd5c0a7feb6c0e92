"""Queries of SQLAlchemy's inspector, which scripts ask for again and again.

With the name of a table as a literal, each is a new text: the server prepares it in one round trip and
executes it in another. With the name as a parameter it is prepared once in a session, and each further one
is one round trip, as with psycopg2. Other values of the inspector are the same each time, and stay literals:
the server could not always tell their types.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.pg_catalog import pg_catalog_meta
from sqlalchemy.sql import visitors

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CatalogQueries", "CatalogQuery"]

_PLACEHOLDER = re.compile(r"%\((?P<name>[^)]+)\)s")


class CatalogQuery:
    """One query of the inspector.

    Args:
        names: of the parameters that differ between two calls.
    """

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def numbered(
        self, operation: str, parameters: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], list[Any]]:
        """The statement with ``$1`` in the place of such a parameter.

        Returns:
            the text, the parameters that are left in it, and the values of the others by number.
        """
        places: dict[str, int] = {}

        def place(found: re.Match[str]) -> str:
            name = found["name"]
            varies = name in self._names or name.rpartition("_")[0] in self._names
            if not varies or _is_character(parameters[name]):
                return found[0]
            return f"${places.setdefault(name, len(places) + 1)}"

        text = _PLACEHOLDER.sub(place, operation)
        left = {name: value for name, value in parameters.items() if name not in places}
        return text, left, [parameters[name] for name in places]


def _is_character(value: object) -> bool:
    """True for what may be compared with a value of the type "char", which the driver takes as bytes."""
    return isinstance(value, str) and len(value) < 2


class CatalogQueries:
    """Finds the queries of the inspector among the statements of one dialect."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Any, CatalogQuery | None] = WeakKeyDictionary()

    def find(self, compiled: Any) -> CatalogQuery | None:
        """The query, where a compiled statement reads only the inspector's own tables of the catalog."""
        if compiled is None:
            return None
        if compiled not in self._known:
            self._known[compiled] = _query(compiled)
        return self._known[compiled]


def _query(compiled: Any) -> CatalogQuery | None:
    statement = compiled.statement
    if not getattr(statement, "is_select", False):
        return None
    tables = [item for item in visitors.iterate(statement) if isinstance(item, Table)]
    if not tables or any(table.metadata is not pg_catalog_meta for table in tables):
        return None
    return CatalogQuery(frozenset(name for name, bind in compiled.binds.items() if not bind.unique))
