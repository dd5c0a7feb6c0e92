"""What models cannot say is as the database has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.catalog.model import Catalog, Column, Constraint, ObjectName, Sequence, Table

__all__ = ["settled"]


def settled(actual: Catalog, wanted: Catalog) -> Catalog:
    """The models' catalog, with what SQLAlchemy has no words for taken from the database's.

    That is who owns a sequence; how columns are stored; and NOT VALID, which in a model is about how
    a constraint is added: one whose rows were checked since then stays so. How a table is partitioned and
    stored is as in the database where a model says nothing of it.
    """
    sequences = dict(wanted.sequences)
    tables = {
        name: table if there is None else _table(table, there, sequences)
        for name, table in wanted.tables.items()
        for there in [actual.tables.get(name)]
    }
    for name, sequence in sequences.items():
        existing = actual.sequences.get(name)
        if existing is not None and sequence.owned_by is None:
            sequences[name] = replace(sequence, owned_by=existing.owned_by)
    return replace(wanted, tables=tables, sequences=sequences)


def _table(table: Table, there: Table, sequences: dict[ObjectName, Sequence]) -> Table:
    columns = {
        name: column if existing is None else _column(column, existing, sequences)
        for name, column in table.columns.items()
        for existing in [there.columns.get(name)]
    }
    constraints = {
        name: item if existing is None else _constraint(item, existing)
        for name, item in table.constraints.items()
        for existing in [there.constraints.get(name)]
    }
    return replace(
        table,
        columns=columns,
        constraints=constraints,
        partition_key=table.partition_key or there.partition_key,
        options=table.options or there.options,
        tablespace=table.tablespace or there.tablespace,
        access_method=table.access_method or there.access_method,
    )


def _column(column: Column, there: Column, sequences: dict[ObjectName, Sequence]) -> Column:
    """A column as it is stored, and whose default may count with a sequence that it owns there."""
    column = replace(column, storage=there.storage, compression=there.compression)
    name = there.sequence
    if name is None or name not in sequences or not column.default or column.serial:
        return column
    if there.owned_default != column.default:
        return column
    sequence = sequences.pop(name)
    return replace(column, default=None, serial=True, options=sequence.options, sequence=name)


def _constraint(item: Constraint, there: Constraint) -> Constraint:
    if there.validated and not item.validated and there.definition == item.definition:
        return replace(item, validated=True)
    return item
