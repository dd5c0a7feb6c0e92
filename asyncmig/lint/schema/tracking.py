"""Applies the actions of a statement to what is known of the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.lint.schema.constraints import (
    add_constraint,
    add_table_constraints,
    drop_constraint,
    index_key,
    rename_constraint,
    rename_index,
    validate_constraint,
)
from asyncmig.lint.schema.tables import (
    KnownColumn,
    KnownIndex,
    KnownSchema,
    KnownTable,
    key_of,
)
from asyncmig.lint.schema.views import create_view, forget_view
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from asyncmig.sql.actions.action import Action, ColumnDefinition

__all__ = ["apply_actions", "created_objects"]

_PARTITIONED = re.compile(r"\bPARTITION\s+BY\b", re.IGNORECASE)
_VOLATILITY = re.compile(r"\b(IMMUTABLE|STABLE|VOLATILE)\b", re.IGNORECASE)
_ENUM = re.compile(r"\bAS\s+ENUM\b", re.IGNORECASE)
_CREATED = frozenset(
    {
        ActionKind.CREATE_TABLE,
        ActionKind.CREATE_TABLE_AS,
        ActionKind.CREATE_PARTITION,
        ActionKind.CREATE_VIEW,
        ActionKind.CREATE_MATERIALIZED_VIEW,
        ActionKind.CREATE_TYPE,
        ActionKind.CREATE_DOMAIN,
        ActionKind.CREATE_SCHEMA,
    }
)
_RENAMED = frozenset(
    {
        ActionKind.RENAME_TABLE,
        ActionKind.RENAME_VIEW,
        ActionKind.RENAME_MATERIALIZED_VIEW,
        ActionKind.RENAME_TYPE,
        ActionKind.RENAME_DOMAIN,
    }
)


def created_objects(actions: Sequence[Action], created: Collection[str]) -> Iterator[str]:
    """The relations and types that a statement creates, and the new names of those created before."""
    for action in actions:
        name = action.relation or action.object
        if name is None:
            continue
        if action.kind in _CREATED:
            yield key_of(name)
        elif action.kind in _RENAMED and action.new_name and key_of(name) in created:
            yield key_of(SqlName(name.schema, action.new_name))
        elif action.kind is ActionKind.SET_SCHEMA and action.new_name and key_of(name) in created:
            yield key_of(SqlName(action.new_name, name.name))


def apply_actions(schema: KnownSchema, actions: Sequence[Action], sql: str) -> None:
    """Change what is known as the statement changes the database."""
    for action in actions:
        if not action.analysed:
            schema.complete = False
        elif (apply := _APPLY.get(action.kind)) is not None:
            apply(schema, action, sql)


def _create_table(schema: KnownSchema, action: Action, sql: str) -> None:
    if action.relation is None:
        return
    key = key_of(action.relation)
    if action.if_not_exists and key in schema.tables:
        return
    table = KnownTable(name=key, kind="partitioned" if _PARTITIONED.search(sql) else "table")
    parent = schema.table(action.partition)
    if action.partition is not None:
        table.partition_of = key_of(action.partition)
    sources = [parent] if parent else []
    if len(action.references) > 0 and re.search(r"\b(LIKE|INHERITS)\b", sql, re.IGNORECASE):
        table.complete = False
    for source in sources:
        table.columns |= {
            column.name: KnownColumn(
                name=column.name, type=column.type, not_null=column.not_null, enum=column.enum
            )
            for column in source.columns.values()
        }
    if action.kind is ActionKind.CREATE_TABLE_AS:
        table.complete = False
    schema.tables[key] = table
    for definition in action.definitions:
        _add_column(schema, table, definition)
    add_table_constraints(schema, table, action)


def _drop_relation(schema: KnownSchema, action: Action, _sql: str) -> None:
    if action.relation is None:
        return
    key = key_of(action.relation)
    schema.tables.pop(key, None)
    forget_view(schema, key)
    for index, table in list(schema.index_tables.items()):
        if table == key:
            del schema.index_tables[index]
    for other in schema.tables.values():
        for name, constraint in list(other.constraints.items()):
            if constraint.references == key:
                del other.constraints[name]


def _rename_relation(schema: KnownSchema, action: Action, _sql: str) -> None:
    if action.relation is None or action.new_name is None:
        return
    old = key_of(action.relation)
    schema_name = action.relation.schema
    new = key_of(SqlName(schema_name, action.new_name))
    if action.kind is ActionKind.SET_SCHEMA:
        new = key_of(SqlName(action.new_name, action.relation.name))
    table = schema.tables.pop(old, None)
    if table is None:
        return
    table.name = new
    schema.tables[new] = table
    for index, owner in list(schema.index_tables.items()):
        if owner == old:  # an index is in the schema of its table
            del schema.index_tables[index]
            schema.index_tables[index_key(table, index.rpartition(".")[2])] = new
    for other in schema.tables.values():
        for constraint in other.constraints.values():
            if constraint.references == old:
                constraint.references = new


def _table_action(
    change: Callable[[KnownSchema, KnownTable, Action], None],
) -> Callable[[KnownSchema, Action, str], None]:
    def apply(schema: KnownSchema, action: Action, _sql: str) -> None:
        table = schema.table(action.relation)
        if table is not None:
            change(schema, table, action)

    return apply


def _add_column_action(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    if action.new_column is not None and not (
        action.if_not_exists and action.new_column.name in table.columns
    ):
        _add_column(schema, table, action.new_column)


def _add_column(schema: KnownSchema, table: KnownTable, definition: ColumnDefinition) -> None:
    primary = definition.constraint(ConstraintKind.PRIMARY_KEY) is not None
    table.columns[definition.name] = KnownColumn(
        name=definition.name,
        type=definition.type,
        not_null=definition.not_null
        or primary
        or definition.serial
        or definition.identity is not None,
        enum=_is_enum(schema, definition.type),
    )
    for constraint in definition.constraints:
        if constraint.kind is not ConstraintKind.NOT_NULL:
            add_constraint(schema, table, constraint, (definition.name,))


def _is_enum(schema: KnownSchema, type_: str | None) -> bool:
    return type_ is not None and type_.strip('"').removeprefix("public.").strip('"') in schema.enums


def _drop_column(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    column = action.column or ""
    table.columns.pop(column, None)
    for name, constraint in list(table.constraints.items()):
        if column in constraint.columns:
            del table.constraints[name]
    for name, index in list(table.indexes.items()):
        if column in index.columns:
            del table.indexes[name]
            schema.index_tables.pop(index_key(table, name), None)


def _rename_column(_schema: KnownSchema, table: KnownTable, action: Action) -> None:
    old, new = action.column or "", action.new_name or ""

    def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in columns)

    table.columns = {
        (new if name == old else name): column for name, column in table.columns.items()
    }
    if (column := table.columns.get(new)) is not None:
        column.name = new
    for constraint in table.constraints.values():
        constraint.columns = renamed(constraint.columns)
    for index in table.indexes.values():
        index.columns = renamed(index.columns)


def _alter_type(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    if (column := table.columns.get(action.column or "")) is not None:
        column.type = action.type
        column.enum = _is_enum(schema, action.type)


def _null(not_null: bool) -> Callable[[KnownSchema, KnownTable, Action], None]:
    def apply(_schema: KnownSchema, table: KnownTable, action: Action) -> None:
        if (column := table.columns.get(action.column or "")) is not None:
            column.not_null = not_null

    return apply


def _create_index(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    if action.index is None:
        name = "_".join((table.name.rpartition(".")[2], *action.columns, "idx"))
    else:
        name = action.index.name
    if action.if_not_exists and name in table.indexes:
        return
    # a partial index, and one over expressions, covers no foreign key
    columns = () if action.where else action.columns
    table.indexes[name] = KnownIndex(name=name, columns=columns, unique=action.unique)
    schema.index_tables[index_key(table, name)] = table.name


def _drop_index(schema: KnownSchema, action: Action, _sql: str) -> None:
    if action.index is None:
        return
    table = schema.table_of_index(action.index)
    schema.index_tables.pop(key_of(action.index), None)
    if table is not None:
        table.indexes.pop(action.index.name, None)


def _rename_index(schema: KnownSchema, action: Action, _sql: str) -> None:
    if action.index is None or action.new_name is None:
        return
    table = schema.table_of_index(action.index)
    if table is not None:
        rename_index(schema, table, action.index.name, action.new_name)


def _attach(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    partition = schema.table(action.partition)
    if partition is not None:
        partition.partition_of = table.name


def _detach(schema: KnownSchema, _table: KnownTable, action: Action) -> None:
    partition = schema.table(action.partition)
    if partition is not None:
        partition.partition_of = None


def _create_type(schema: KnownSchema, action: Action, sql: str) -> None:
    if action.object is not None and _ENUM.search(sql):
        schema.enums.add(key_of(action.object))


def _drop_type(schema: KnownSchema, action: Action, _sql: str) -> None:
    if action.object is not None:
        schema.enums.discard(key_of(action.object))


def _create_function(schema: KnownSchema, action: Action, sql: str) -> None:
    if action.object is not None:
        written = _VOLATILITY.search(sql)
        schema.volatile[action.object.name] = written[1][0].lower() if written else "v"


_APPLY: dict[ActionKind, Callable[[KnownSchema, Action, str], None]] = {
    ActionKind.CREATE_TABLE: _create_table,
    ActionKind.CREATE_TABLE_AS: _create_table,
    ActionKind.CREATE_PARTITION: _create_table,
    ActionKind.CREATE_VIEW: create_view,
    ActionKind.REPLACE_VIEW: create_view,
    ActionKind.CREATE_MATERIALIZED_VIEW: create_view,
    ActionKind.DROP_TABLE: _drop_relation,
    ActionKind.DROP_VIEW: _drop_relation,
    ActionKind.DROP_MATERIALIZED_VIEW: _drop_relation,
    ActionKind.RENAME_TABLE: _rename_relation,
    ActionKind.RENAME_VIEW: _rename_relation,
    ActionKind.RENAME_MATERIALIZED_VIEW: _rename_relation,
    ActionKind.SET_SCHEMA: _rename_relation,
    ActionKind.ADD_COLUMN: _table_action(_add_column_action),
    ActionKind.DROP_COLUMN: _table_action(_drop_column),
    ActionKind.RENAME_COLUMN: _table_action(_rename_column),
    ActionKind.ALTER_COLUMN_TYPE: _table_action(_alter_type),
    ActionKind.SET_NOT_NULL: _table_action(_null(not_null=True)),
    ActionKind.DROP_NOT_NULL: _table_action(_null(not_null=False)),
    ActionKind.ADD_CHECK: _table_action(add_table_constraints),
    ActionKind.ADD_FOREIGN_KEY: _table_action(add_table_constraints),
    ActionKind.ADD_UNIQUE: _table_action(add_table_constraints),
    ActionKind.ADD_PRIMARY_KEY: _table_action(add_table_constraints),
    ActionKind.ADD_EXCLUDE: _table_action(add_table_constraints),
    ActionKind.ADD_NOT_NULL: _table_action(add_table_constraints),
    ActionKind.VALIDATE_CONSTRAINT: _table_action(validate_constraint),
    ActionKind.DROP_CONSTRAINT: _table_action(drop_constraint),
    ActionKind.RENAME_CONSTRAINT: _table_action(rename_constraint),
    ActionKind.ATTACH_PARTITION: _table_action(_attach),
    ActionKind.DETACH_PARTITION: _table_action(_detach),
    ActionKind.DETACH_PARTITION_CONCURRENTLY: _table_action(_detach),
    ActionKind.CREATE_INDEX: _table_action(_create_index),
    ActionKind.CREATE_INDEX_CONCURRENTLY: _table_action(_create_index),
    ActionKind.DROP_INDEX: _drop_index,
    ActionKind.DROP_INDEX_CONCURRENTLY: _drop_index,
    ActionKind.RENAME_INDEX: _rename_index,
    ActionKind.CREATE_TYPE: _create_type,
    ActionKind.DROP_TYPE: _drop_type,
    ActionKind.CREATE_FUNCTION: _create_function,
}
