"""Columns and tables of the catalog as the schema items that scripts are written with."""

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

    from asyncmig.catalog.model import (
        Catalog,
        Column,
        Constraint,
        ObjectName,
        SequenceOptions,
        Table,
    )
    from asyncmig.diff.schema_items.model_types import ModelTypes

__all__ = ["SchemaItemFactory"]

_INTEGERS = frozenset({"smallint", "integer", "bigint"})


class SchemaItemFactory(ScriptSql):
    """Makes schema items and operations of what one catalog says.

    Args:
        catalog: the one.
        model_types: what the models have for its types.
    """

    def __init__(self, catalog: Catalog, model_types: ModelTypes | None = None) -> None:
        super().__init__(catalog)
        self._model_types = model_types

    def type(self, column: Column, table: Table) -> Any:
        """A column's type; it knows the model's own, where there is one."""
        found = sql_type(column.type, column.collation, self.catalog)
        if self._model_types is None:
            return found
        return self._model_types.completed(found, column, table, self.catalog)

    def default(self, column: Column) -> Any:
        """A column's default as ``server_default`` takes it."""
        if column.identity is not None:
            return self.identity(column)
        if column.generated is not None:
            return sa.Computed(self.text(unwrapped(column.generated)), persisted=column.stored)
        return super().default(column)

    def identity(self, column: Column, *, complete: bool = False) -> sa.Identity:
        """A column's identity; ``complete`` says every option."""
        options = column.options
        said = {} if options is None else _options(options, complete=complete)
        return sa.Identity(always=column.identity == "always", **said)

    def column(self, column: Column, table: Table, *, refers: bool = False) -> sa.Column[Any]:
        """A column of its own; ``refers`` when a foreign key of it stands beside it in the table."""
        default = self.default(column)
        items = [default] if isinstance(default, sa.Identity | sa.Computed) else []
        keywords: dict[str, Any] = {}
        if default is not None and not items:
            keywords["server_default"] = default
        key = table.primary_key
        if key is not None and column.name in key.columns and column.type.text in _INTEGERS:
            # SQLAlchemy makes a serial column of a lone key by itself
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
        """True when ``CREATE TABLE`` from SQLAlchemy makes this column a serial one by itself."""
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
            and column.options.is_default
            and column.options.type == column.type.text
        )

    def create_table(self, table: Table, late: Iterable[Constraint] = ()) -> CreateTableOp:
        """The operation that creates a table, without its indexes and the constraints that come later."""
        above = self.parents_at_once(table)
        left = {item.name for item in late}
        constraints = sorted(
            (item for item in table.constraints.values() if item.name not in left),
            key=lambda item: "pufcx".index(item.kind),
        )
        inline = [
            made
            for item in constraints
            for made in [constraint_item(self, item)]
            if made is not None
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
        """The parents that CREATE TABLE can name; SQLAlchemy has no words for those of another schema."""
        if any(self.schema(name) is not None for name in table.inherits):
            return ()
        return table.inherits

    def table(self, table: Table) -> sa.Table:
        """A table as SQLAlchemy has it, by itself."""
        return self.create_table(table).to_table()


def _options(options: SequenceOptions, *, complete: bool) -> dict[str, Any]:
    low, high = options.default_limits
    said: dict[str, tuple[Any, Any]] = {
        "start": (options.start, options.minimum if options.increment > 0 else options.maximum),
        "increment": (options.increment, 1),
        "minvalue": (options.minimum, low),
        "maxvalue": (options.maximum, high),
        "cache": (options.cache, 1),
        "cycle": (options.cycle, False),
    }
    return {name: value for name, (value, usual) in said.items() if complete or value != usual}


def _bare(column: Column) -> Column:
    """A serial column without its default, which is set when its sequence is joined to it."""
    return replace(column, serial=False, options=None, sequence=None)
