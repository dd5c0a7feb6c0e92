"""The enum types and domains of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import types
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM
from sqlalchemy.dialects.postgresql.named_types import NamedType
from sqlalchemy.types import TypeDecorator

from asyncmig.catalog.object_name import ObjectName
from asyncmig.operations.base.sqlalchemy_private import has_variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import Table
    from sqlalchemy.types import TypeEngine

__all__ = ["NamedTypes"]

_COMPOSED = (types.TypeDecorator, types.Enum, types.ARRAY, NamedType)


class NamedTypes:
    """Finds the enum types and domains in the types of columns.

    Args:
        dialect: the dialect of the models.
        schema_of: returns the schema of a type.
    """

    def __init__(self, dialect: Dialect, schema_of: Callable[[Any], str]) -> None:
        self._dialect = dialect
        self._schema_of = schema_of
        self._plain: dict[type, bool] = {}

    def of_tables(self, tables: Iterable[Table]) -> dict[ObjectName, ENUM | DOMAIN]:
        """The types in the columns of tables by name."""
        found: dict[ObjectName, ENUM | DOMAIN] = {}
        for table in tables:
            for column in table.columns:
                for named in self._within(column.type):
                    found.setdefault(ObjectName(self._schema_of(named), str(named.name)), named)
        return found

    def _within(self, type_: TypeEngine[Any]) -> Iterator[ENUM | DOMAIN]:
        """The enums and domains in the type of a column, the innermost first."""
        if self._is_plain(type_):
            return
        found: Any = type_.dialect_impl(self._dialect)
        while isinstance(found, TypeDecorator):
            found = found.impl_instance
        if isinstance(found, ARRAY) or hasattr(found, "item_type"):
            yield from self._within(found.item_type)
        if isinstance(found, DOMAIN):
            yield from self._within(found.data_type)
        if isinstance(found, ENUM | DOMAIN):
            yield found

    def _is_plain(self, type_: TypeEngine[Any]) -> bool:
        """True for SQLAlchemy's scalar types, which are never enums; ``dialect_impl`` of each one is slow."""
        kind = type(type_)
        plain = self._plain.get(kind)
        if plain is None:
            plain = kind.__module__.startswith("sqlalchemy.") and not issubclass(kind, _COMPOSED)
            self._plain[kind] = plain
        return plain and not has_variants(type_)
