"""Constraints of known tables, with the indexes behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.schema.tables import (
    KnownConstraint,
    KnownIndex,
    KnownSchema,
    KnownTable,
    key_of,
)
from asyncmig.sql.actions.action import ConstraintKind

if TYPE_CHECKING:
    from asyncmig.sql.actions.action import Action, ConstraintDefinition

__all__ = [
    "add_constraint",
    "add_table_constraints",
    "drop_constraint",
    "index_key",
    "rename_constraint",
    "rename_index",
    "validate_constraint",
]


def add_constraint(
    schema: KnownSchema,
    table: KnownTable,
    constraint: ConstraintDefinition,
    columns: tuple[str, ...],
) -> None:
    """Add a constraint, and the index and the NOT NULL that come with it."""
    name = constraint.name or _default_name(table, constraint, columns)
    if constraint.index is not None:
        index = table.indexes.pop(constraint.index, None)
        columns = index.columns if index else ()
        schema.index_tables.pop(index_key(table, constraint.index), None)
    table.constraints[name] = KnownConstraint(
        name=name,
        kind=constraint.kind,
        columns=columns,
        expression=constraint.expression,
        references=key_of(constraint.references) if constraint.references else None,
        valid=not constraint.not_valid,
    )
    if constraint.kind in (
        ConstraintKind.UNIQUE,
        ConstraintKind.PRIMARY_KEY,
        ConstraintKind.EXCLUDE,
    ):
        table.indexes[name] = KnownIndex(name=name, columns=columns, unique=True, constraint=True)
        schema.index_tables[index_key(table, name)] = table.name
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        for column in columns:
            if column in table.columns:
                table.columns[column].not_null = True
    if constraint.kind is ConstraintKind.NOT_NULL and not constraint.not_valid:
        for column in columns:
            if column in table.columns:
                table.columns[column].not_null = True


def _default_name(
    table: KnownTable, constraint: ConstraintDefinition, columns: tuple[str, ...]
) -> str:
    """PostgreSQL's name for a constraint without one, but for its cuts and numbers."""
    base = table.name.rpartition(".")[2]
    suffix = {
        ConstraintKind.PRIMARY_KEY: "pkey",
        ConstraintKind.UNIQUE: "key",
        ConstraintKind.FOREIGN_KEY: "fkey",
        ConstraintKind.CHECK: "check",
        ConstraintKind.EXCLUDE: "excl",
        ConstraintKind.NOT_NULL: "not_null",
    }[constraint.kind]
    middle = () if constraint.kind is ConstraintKind.PRIMARY_KEY else columns
    name = "_".join((base, *middle, suffix))
    number = 0
    while (found := name if not number else f"{name}{number}") in table.constraints:
        number += 1
    return found


def index_key(table: KnownTable, index: str) -> str:
    """The key of an index of a table in ``KnownSchema.index_tables``."""
    schema, _, _ = table.name.rpartition(".")
    return f"{schema}.{index}" if schema else index


def add_table_constraints(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    """Apply ADD CONSTRAINT, or the constraints of CREATE TABLE."""
    for constraint in action.table_constraints:
        add_constraint(schema, table, constraint, constraint.columns)


def validate_constraint(_schema: KnownSchema, table: KnownTable, action: Action) -> None:
    """Apply VALIDATE CONSTRAINT."""
    constraint = table.constraints.get(action.constraint or "")
    if constraint is not None:
        constraint.valid = True
        if constraint.kind is ConstraintKind.NOT_NULL:
            for column in constraint.columns:
                if column in table.columns:
                    table.columns[column].not_null = True


def drop_constraint(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    """Apply DROP CONSTRAINT."""
    name = action.constraint or ""
    table.constraints.pop(name, None)
    table.indexes.pop(name, None)
    schema.index_tables.pop(index_key(table, name), None)


def rename_constraint(schema: KnownSchema, table: KnownTable, action: Action) -> None:
    """Apply RENAME CONSTRAINT."""
    old, new = action.constraint or "", action.new_name or ""
    if (constraint := table.constraints.pop(old, None)) is not None:
        constraint.name = new
        table.constraints[new] = constraint
    rename_index(schema, table, old, new)


def rename_index(schema: KnownSchema, table: KnownTable, old: str, new: str) -> None:
    """Give an index of a table another name, if it is known."""
    if (index := table.indexes.pop(old, None)) is not None:
        index.name = new
        table.indexes[new] = index
        schema.index_tables.pop(index_key(table, old), None)
        schema.index_tables[index_key(table, new)] = table.name
