"""Columns and tables of a catalog as SQLAlchemy's schema items and as operations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.diff.schema_items.constraint_items import constraint_item
from asyncmig.diff.schema_items.script_sql import ScriptSql, parameters, unwrapped
from asyncmig.diff.schema_items.sqlalchemy_types import sql_type
from asyncmig.operations.directives.tables import CreateTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog, Column, Constraint, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.models_catalog import ModelTypes

__all__ = ["SchemaItemFactory"]

_INTEGERS = frozenset({"smallint", "integer", "bigint"})


class SchemaItemFactory(ScriptSql):
    """Makes schema items and operations from one catalog.

    Args:
        catalog: the catalog.
        model_types: the types of the models.
    """

    def __init__(self, catalog: Catalog, model_types: ModelTypes | None = None) -> None:
        super().__init__(catalog)
        self._model_types = model_types

    def type(self, column: Column, table: Table) -> Any:
        """The type of a column, which refers to the type of the model, if there is one."""
        found = sql_type(column.type, column.collation, self.catalog)
        if self._model_types is None:
            return found
        return self._model_types.completed(found, column, table, self.catalog)

    def default(self, column: Column) -> Any:
        """The default of a column as ``server_default`` takes it."""
        if column.identity is not None:
            return self.identity(column)
        if column.generated is not None:
            return sa.Computed(self.text(unwrapped(column.generated)), persisted=column.stored)
        return super().default(column)

    def identity(self, column: Column, *, complete: bool = False) -> sa.Identity:
        """The identity of a column, with the options that are not defaults, or with all if ``complete``."""
        options = column.options
        keywords = {}
        if options is not None:
            keywords = options.by_keyword if complete else options.changed_options
        return sa.Identity(always=column.identity == "always", **keywords)

    def column(self, column: Column, table: Table, *, refers: bool = False) -> sa.Column[Any]:
        """A column; ``refers`` is True if a foreign key of it is part of the same CREATE TABLE."""
        default = self.default(column)
        items = [default] if isinstance(default, sa.Identity | sa.Computed) else []
        keywords: dict[str, Any] = {}
        if default is not None and not items:
            keywords["server_default"] = default
        key = table.primary_key
        if key is not None and column.name in key.columns and column.type.text in _INTEGERS:
            # SQLAlchemy makes a key of one integer column serial
            by_itself = not items and default is None and len(key.columns) == 1 and not refers
            if column.serial != by_itself:
                keywords["autoincrement"] = column.serial
        return sa.Column(
            column.name,
            self.type(column, table),
            *items,
            nullable=column.nullable,
            comment=column.comment,
            **keywords,
        )

    def writes_serial(self, column: Column, table: Table) -> bool:
        """True if SQLAlchemy's ``CREATE TABLE`` makes this column serial."""
        key = table.primary_key
        return (
            column.serial
            and key is not None
            and constraint_item(self, key) is not None
            and column.name in key.columns
            and sum(table.columns[name].serial for name in key.columns) == 1
            and column.sequence is not None
            and column.sequence.name == f"{table.name.name}_{column.name}_seq"
            and column.options is not None
            and not column.options.changed_options
            and column.options.type == column.type.text
        )

    def create_table(self, table: Table, late: Iterable[Constraint] = ()) -> CreateTableOp:
        """CREATE TABLE without indexes and without the constraints in ``late``."""
        above = self.parents_at_once(table)
        left = {item.name for item in late}
        constraints = sorted(
            (item for item in table.constraints.values() if item.name not in left),
            key=lambda item: "pufcx".index(item.kind),
        )
        inline = [
            schema_item
            for item in constraints
            for schema_item in [constraint_item(self, item)]
            if schema_item is not None
        ]
        referring = {
            name
            for item in inline
            if isinstance(item, sa.ForeignKeyConstraint)
            for name in item.column_keys
        }
        items: list[Any] = [
            self.column(
                column if not column.serial or self.writes_serial(column, table) else _bare(column),
                table,
                refers=column.name in referring,
            )
            for column in table.columns.values()
            if column.local or not above
        ]
        items += inline
        keywords: dict[str, Any] = {}
        if table.partition_key is not None:
            keywords["postgresql_partition_by"] = self.local(table.partition_key)
        if table.options:
            keywords["postgresql_with"] = parameters(table.options)
        if table.tablespace is not None:
            keywords["postgresql_tablespace"] = table.tablespace
        if table.access_method is not None:
            keywords["postgresql_using"] = table.access_method
        if above:
            keywords["postgresql_inherits"] = [name.name for name in above]
        return CreateTableOp(
            table.name.name,
            items,
            schema=self.schema(table.name),
            comment=table.comment,
            prefixes=["UNLOGGED"] if table.unlogged else None,
            **keywords,
        )

    def parents_at_once(self, table: Table) -> tuple[ObjectName, ...]:
        """The parents for CREATE TABLE; none if one is in another schema, which SQLAlchemy cannot express."""
        if any(self.schema(name) is not None for name in table.inherits):
            return ()
        return table.inherits

    def table(self, table: Table) -> sa.Table:
        """The table as SQLAlchemy's ``Table``, in a ``MetaData`` of its own."""
        return self.create_table(table).to_table()


def _bare(column: Column) -> Column:
    """A serial column without its default, which is set when its sequence is attached."""
    return replace(column, serial=False, options=None, sequence=None)
