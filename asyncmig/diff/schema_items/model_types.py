"""What the models have for types of the catalog: users' classes, and what ``render_item`` is asked about."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, UserDefinedType

from asyncmig.catalog.model import ObjectName
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.base.model_type import with_model_type
from asyncmig.types import ServerType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

    from asyncmig.catalog.model import Catalog, Column, Table, TypeName

__all__ = ["ModelTypes", "model_column"]

_DIALECT = MigrationDialect()


class ModelTypes:
    """The types of the models' columns.

    A ``TypeDecorator`` is for Python: scripts have what it makes of itself in the database. A
    ``UserDefinedType`` (pgvector's) is the class that knows a type which SQLAlchemy does not; one that
    adds an index to its table (GeoAlchemy's) is left out, since scripts create indexes by themselves.

    Args:
        wanted: the models' catalog.
        models: their tables by schema and name.
    """

    def __init__(self, wanted: Catalog, models: Mapping[tuple[str, str], sa.Table]) -> None:
        self._wanted = wanted
        self._models = models

    def completed(
        self, found: TypeEngine[Any], column: Column, table: Table, catalog: Catalog
    ) -> TypeEngine[Any]:
        """A type of either catalog, as the models have it where we have no class for it.

        One of the models' own catalog knows its column's type in the models.
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
    """A column of a model by its name, which need not be its key."""
    if model is None:
        return None
    return next((column for column in model.columns if column.name == name), None)


def _is_unknown(type_: TypeEngine[Any]) -> bool:
    return isinstance(type_.item_type if isinstance(type_, ARRAY) else type_, ServerType)


def _users_type(type_: TypeEngine[Any]) -> TypeEngine[Any] | None:
    """A user's class that a script can name, or an array of it; None for everything else."""
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
    """Whether a type brings an index or constraint along: a script would then have that twice."""
    table = sa.Table("probe", sa.MetaData(), sa.Column("probe", copy(type_)))
    return bool(table.indexes) or len(table.constraints) > 1  # the primary key is always there
