"""What the catalog knows as the schema items that scripts are written with."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.types import sql_type
from asyncmig.operations.checks import CreateCheckConstraintOp
from asyncmig.operations.execute import ExecuteSQLOp
from asyncmig.operations.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.indexes import CreateIndexOp
from asyncmig.operations.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.tables import CreateTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import (
        Catalog,
        Column,
        Constraint,
        Index,
        ObjectName,
        SequenceOptions,
        Table,
    )
    from asyncmig.diff.model_types import ModelTypes
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["Objects", "parameters", "unwrapped"]

_PREPARER = MigrationDialect().identifier_preparer
_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_PIECES = re.compile(r"""('(?:[^']|'')*'(?:::regclass)?|"(?:[^"]|"")*")""")
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


class Objects:
    """Makes schema items and operations of what one catalog says.

    Args:
        catalog: the one.
        model_types: what the models have for its types.
    """

    def __init__(self, catalog: Catalog, model_types: ModelTypes | None = None) -> None:
        self.catalog = catalog
        self._model_types = model_types
        schema = re.escape(_PREPARER.quote(catalog.default_schema))
        self._qualified = re.compile(rf'(?<![\w."]){schema}\.(?=[\w"]+(?![\w"]*\())')

    def schema(self, name: ObjectName) -> str | None:
        """The schema as scripts say it: None for the default one."""
        return None if name.schema == self.catalog.default_schema else name.schema

    def qualified(self, name: ObjectName) -> str:
        """A name within SQL."""
        schema = self.schema(name)
        quoted = _PREPARER.quote(name.name)
        return f"{_PREPARER.quote(schema)}.{quoted}" if schema else quoted

    def quote(self, name: str) -> str:
        """An identifier within SQL."""
        return _PREPARER.quote(name)

    def local(self, sql: str) -> str:
        """The server's text without the default schema, which scripts leave to the search path."""
        parts = _PIECES.split(sql)
        for number, part in enumerate(parts):
            if number % 2 == 0:
                parts[number] = self._qualified.sub("", part)
            elif part.endswith("'::regclass"):
                parts[number] = "'" + self._qualified.sub("", part[1:])
        return "".join(parts)

    def text(self, sql: str) -> sa.TextClause:
        """The server's text as ``sa.text``: no colon of it is a parameter."""
        return sa.text(_COLON.sub(r"\\:", self.local(sql)))

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
        return None if column.default is None else self.text(column.default)

    def identity(self, column: Column, *, complete: bool = False) -> sa.Identity:
        """A column's identity; ``complete`` says every option."""
        options = column.options
        said = {} if options is None else _options(options, complete=complete)
        return sa.Identity(always=column.identity == "always", **said)

    def column(self, column: Column, table: Table) -> sa.Column[Any]:
        """A column of its own."""
        default = self.default(column)
        items = [default] if isinstance(default, sa.Identity | sa.Computed) else []
        keywords: dict[str, Any] = {}
        if default is not None and not items:
            keywords["server_default"] = default
        key = table.primary_key
        if key is not None and column.name in key.columns and column.type.text in _INTEGERS:
            plain = not items and default is None and len(key.columns) == 1
            if column.serial or plain:
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
        items: list[Any] = [
            self.column(
                column if not column.serial or self.writes_serial(column, table) else _bare(column),
                table,
            )
            for column in table.columns.values()
        ]
        left = {item.name for item in late}
        constraints = sorted(
            (item for item in table.constraints.values() if item.name not in left),
            key=lambda item: "pufcx".index(item.kind),
        )
        inline = (self.constraint_item(item) for item in constraints)
        items += [item for item in inline if item is not None]
        keywords: dict[str, Any] = {}
        if table.partition_key is not None:
            keywords["postgresql_partition_by"] = self.local(table.partition_key)
        if table.options:
            keywords["postgresql_with"] = parameters(table.options)
        if table.tablespace is not None:
            keywords["postgresql_tablespace"] = table.tablespace
        if table.access_method is not None:
            keywords["postgresql_using"] = table.access_method
        return CreateTableOp(
            table.name.name,
            items,
            schema=self.schema(table.name),
            comment=table.comment,
            prefixes=["UNLOGGED"] if table.unlogged else None,
            **keywords,
        )

    def table(self, table: Table) -> sa.Table:
        """A table as SQLAlchemy has it, by itself."""
        return self.create_table(table).to_table()

    def constraint_item(self, item: Constraint) -> sa.Constraint | None:
        """A constraint to stand within ``create_table``; None when only SQL can say it."""
        timing = _timing(item)
        match item.kind:
            case "p" if self._is_plain(item, "PRIMARY KEY"):
                return sa.PrimaryKeyConstraint(*item.columns, name=item.name, **timing)
            case "u" if self._is_plain(item, "UNIQUE NULLS NOT DISTINCT"):
                return sa.UniqueConstraint(
                    *item.columns, name=item.name, **timing, postgresql_nulls_not_distinct=True
                )
            case "u" if self._is_plain(item, "UNIQUE"):
                return sa.UniqueConstraint(*item.columns, name=item.name, **timing)
            case "c" if self._is_plain_check(item) and item.validated:
                return sa.CheckConstraint(
                    self.text(unwrapped(item.expression or "")), name=item.name
                )
            case "f" if (reference := item.reference) and self._is_plain_key(item):
                if not item.validated:
                    return None
                target = self.qualified_name(reference.table)
                return sa.ForeignKeyConstraint(
                    list(item.columns),
                    [f"{target}.{column}" for column in reference.columns],
                    name=item.name,
                    **_actions(item),
                    **timing,
                )
            case _:
                return None

    def qualified_name(self, name: ObjectName) -> str:
        """A table as foreign keys of SQLAlchemy name it."""
        schema = self.schema(name)
        return f"{schema}.{name.name}" if schema else name.name

    def add_constraint(self, table: Table, item: Constraint) -> MigrateOperation:
        """The operation that adds a constraint."""
        name, schema = table.name.name, self.schema(table.name)
        later = {} if item.validated else {"postgresql_not_valid": True}
        timing = _timing(item)
        match item.kind:
            case "p" if self._is_plain(item, "PRIMARY KEY"):
                return CreatePrimaryKeyOp(
                    item.name, name, list(item.columns), schema=schema, **timing
                )
            case "u" if self._is_plain(item, "UNIQUE NULLS NOT DISTINCT"):
                timing["postgresql_nulls_not_distinct"] = True
                return CreateUniqueConstraintOp(
                    item.name, name, list(item.columns), schema=schema, **timing
                )
            case "u" if self._is_plain(item, "UNIQUE"):
                return CreateUniqueConstraintOp(
                    item.name, name, list(item.columns), schema=schema, **timing
                )
            case "c" if self._is_plain_check(item):
                condition = self.text(unwrapped(item.expression or ""))
                return CreateCheckConstraintOp(item.name, name, condition, schema=schema, **later)
            case "f" if (reference := item.reference) and self._is_plain_key(item):
                places: dict[str, Any] = {
                    "source_schema": schema,
                    "referent_schema": self.schema(reference.table),
                }
                return CreateForeignKeyOp(
                    item.name,
                    name,
                    reference.table.name,
                    list(item.columns),
                    list(reference.columns),
                    **{key: value for key, value in places.items() if value is not None},
                    **_actions(item),
                    **timing,
                    **later,
                )
            case _:
                valid = "" if item.validated else " NOT VALID"
                return ExecuteSQLOp(
                    f"ALTER TABLE {self.qualified(table.name)} ADD CONSTRAINT "
                    f"{self.quote(item.name)} {self.local(item.definition)}{valid}"
                )

    def key_index(self, table: Table, item: Constraint) -> CreateIndexOp | None:
        """The index of a unique constraint or primary key, built beforehand; None for other constraints."""
        distinct = item.definition.startswith("UNIQUE NULLS NOT DISTINCT")
        words = "PRIMARY KEY" if item.kind == "p" else "UNIQUE" + " NULLS NOT DISTINCT" * distinct
        if item.kind not in "pu" or not self._is_plain(item, words):
            return None
        keywords: dict[str, Any] = {"postgresql_nulls_not_distinct": True} if distinct else {}
        return CreateIndexOp(
            item.name,
            table.name.name,
            list(item.columns),
            schema=self.schema(table.name),
            unique=True,
            postgresql_concurrently=True,
            **keywords,
        )

    def constraint_using(self, table: Table, item: Constraint) -> ExecuteSQLOp:
        """The operation that makes a constraint of the index ``key_index``."""
        name = self.quote(item.name)
        kind = "PRIMARY KEY" if item.kind == "p" else "UNIQUE"
        timing = " DEFERRABLE" * item.deferrable + " INITIALLY DEFERRED" * item.deferred
        return ExecuteSQLOp(
            f"ALTER TABLE {self.qualified(table.name)} ADD CONSTRAINT {name} {kind} "
            f"USING INDEX {name}{timing}"
        )

    def create_index(
        self, table: Table, index: Index, *, concurrently: bool = False
    ) -> MigrateOperation:
        """The operation that creates an index."""
        classes = dict(zip(index.keys, index.operator_classes, strict=False))
        named = {key: name for key, name in classes.items() if name}
        ordered = any(
            order and (not plain or key in named)
            for key, plain, order in zip(index.keys, index.plain_keys, index.orders, strict=False)
        )
        expressions = {
            key for key, plain in zip(index.keys, index.plain_keys, strict=True) if not plain
        }
        if index.collated or ordered or named.keys() & expressions:
            definition = self.local(index.definition)
            if concurrently:
                definition = definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
            return ExecuteSQLOp(definition)
        keywords: dict[str, Any] = {}
        if index.options:
            keywords["postgresql_with"] = parameters(index.options)
        if index.method != "btree":
            keywords["postgresql_using"] = index.method
        if index.predicate is not None:
            keywords["postgresql_where"] = self.text(unwrapped(index.predicate))
        if index.include:
            keywords["postgresql_include"] = list(index.include)
        if named:
            keywords["postgresql_ops"] = {key: self.local(name) for key, name in named.items()}
        if index.nulls_not_distinct:
            keywords["postgresql_nulls_not_distinct"] = True
        if concurrently:
            keywords["postgresql_concurrently"] = True
        keys: list[Any] = []
        for key, plain, order in zip(index.keys, index.plain_keys, index.orders, strict=True):
            if plain:
                keys.append(self.text(f"{self.quote(key)}{order}") if order else key)
            else:
                keys.append(self.text(key))
        return CreateIndexOp(
            index.name,
            table.name.name,
            keys,
            schema=self.schema(table.name),
            unique=index.unique,
            **keywords,
        )

    def _is_plain(self, item: Constraint, words: str) -> bool:
        columns = ", ".join(map(self.quote, item.columns))
        return item.definition.partition(" DEFERRABLE")[0] == f"{words} ({columns})"

    def _is_plain_check(self, item: Constraint) -> bool:
        return item.definition == f"CHECK ({item.expression})"

    def _is_plain_key(self, item: Constraint) -> bool:
        definition = item.definition
        return not any(
            word in definition
            for word in ("PERIOD ", " NOT ENFORCED", "SET NULL (", "SET DEFAULT (")
        )


def parameters(options: Iterable[str]) -> dict[str, str]:
    """Storage parameters by their names."""
    return {name: value for name, _, value in (option.partition("=") for option in options)}


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


def _timing(item: Constraint) -> dict[str, Any]:
    timing: dict[str, Any] = {"deferrable": True} if item.deferrable else {}
    if item.deferred:
        timing["initially"] = "DEFERRED"
    return timing


def _actions(item: Constraint) -> dict[str, Any]:
    reference = item.reference
    if reference is None:
        return {}
    said = {
        "onupdate": _ACTIONS.get(reference.on_update),
        "ondelete": _ACTIONS.get(reference.on_delete),
        "match": "FULL" if reference.match == "f" else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def unwrapped(sql: str) -> str:
    """An expression without the brackets around all of it."""
    if not (sql.startswith("(") and sql.endswith(")")):
        return sql
    depth = 0
    for part in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]""", sql):
        if part.group() == "(":
            depth += 1
        elif part.group() == ")":
            depth -= 1
            if depth == 0 and part.end() < len(sql):
                return sql
    return sql[1:-1]


def _bare(column: Column) -> Column:
    """A serial column without its default, which is set when its sequence is joined to it."""
    return replace(column, serial=False, options=None, sequence=None)
