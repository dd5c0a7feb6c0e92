"""The models' side of a comparison: the catalog, the tables that it was built from, and their types."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, UserDefinedType

from asyncmig.catalog.object_name import ObjectName
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.model_type import with_model_type
from asyncmig.types import ServerType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Catalog, Column, Table, TypeName

__all__ = ["ModelTypes", "ModelsCatalog", "model_column"]

_DIALECT = MigrationDialect()


@dataclass(frozen=True, kw_only=True)
class ModelsCatalog:
    """The catalog of the models, with the SQLAlchemy tables that it was built from.

    Attributes:
        catalog: the catalog.
        tables: the tables by schema and name.
    """

    catalog: Catalog
    tables: Mapping[tuple[str, str], sa.Table]

    def table(self, name: ObjectName) -> sa.Table | None:
        """The table of a name, if the models have one."""
        return self.tables.get((name.schema, name.name))

    @cached_property
    def types(self) -> ModelTypes:
        """The types of the models' columns."""
        return ModelTypes(self.catalog, self.tables)


class ModelTypes:
    """The types of the models' columns, for ``render_item`` and for types that SQLAlchemy has no class for.

    A ``TypeDecorator`` exists in Python only: scripts contain its type in the database. A
    ``UserDefinedType`` (pgvector's) is the class of a type that SQLAlchemy does not have. A type that adds an
    index to its table (GeoAlchemy's) is not used, because scripts create indexes themselves.

    Args:
        wanted: the catalog of the models.
        models: the tables of the models by schema and name.
    """

    def __init__(self, wanted: Catalog, models: Mapping[tuple[str, str], sa.Table]) -> None:
        self._wanted = wanted
        self._models = models

    def completed(
        self, found: TypeEngine[Any], column: Column, table: Table, catalog: Catalog
    ) -> TypeEngine[Any]:
        """Replace a type that SQLAlchemy has no class for by the class of the models.

        A type of the models' catalog also refers to the type of its column in the models.
        """
        if column.collation is None and _is_unknown(found):
            found = self._users.get(column.type, found)
        if catalog is not self._wanted:
            return found
        model = model_column(self._models.get((table.name.schema, table.name.name)), column.name)
        return found if model is None else with_model_type(found, model.type)

    @cached_property
    def _users(self) -> Mapping[TypeName, TypeEngine[Any]]:
        found: dict[TypeName, TypeEngine[Any]] = {}
        for (schema, name), model in self._models.items():
            table = self._wanted.tables.get(ObjectName(schema, name))
            if table is None:
                continue
            for column in model.columns:
                own = _users_type(column.type)
                if own is not None and column.name in table.columns:
                    found.setdefault(table.columns[column.name].type, own)
        return found


def model_column(model: sa.Table | None, name: str) -> sa.Column[Any] | None:
    """A column of a model by its name, which can differ from its key."""
    if model is None:
        return None
    return next((column for column in model.columns if column.name == name), None)


def _is_unknown(type_: TypeEngine[Any]) -> bool:
    return isinstance(type_.item_type if isinstance(type_, ARRAY) else type_, ServerType)


def _users_type(type_: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """A class of the user that a script can import, or an array of it; None for other types."""
    found: Any = type_.dialect_impl(_DIALECT)
    while isinstance(found, TypeDecorator):
        found = found.impl_instance
    if isinstance(found, ARRAY):
        item = _users_type(found.item_type)
        return None if item is None else ARRAY(item)
    kind = type(found)
    importable = kind.__qualname__ == kind.__name__ and kind.__module__ != "__main__"
    if not isinstance(found, UserDefinedType) or not importable or _adds_to_its_table(found):
        return None
    return found


def _adds_to_its_table(type_: TypeEngine[Any]) -> bool:
    """True if a type adds an index or constraint, which a script would then contain twice."""
    table = sa.Table("probe", sa.MetaData(), sa.Column("probe", copy(type_)))
    return bool(table.indexes) or len(table.constraints) > 1  # the primary key always exists
