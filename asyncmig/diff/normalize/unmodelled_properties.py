"""Copies properties that SQLAlchemy models cannot express from the database into the models' catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.model import Domain, Enum, Sequence
from asyncmig.diff.schema_items.matching import constraint_meaning, match
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.catalog.model import Column, Constraint, Index, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.normalize.sides import Rules, Sides

__all__ = ["keep_constraint_names", "keep_unmodelled"]

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T", Sequence, Enum, Domain)


def keep_unmodelled(sides: Sides, rules: Rules) -> Sides:  # noqa: ARG001 - a pass
    """Copy what models cannot express, for objects that have the same name on both sides.

    These are: the owner of a sequence, while the owning column is kept; the storage of columns and of the
    indexes of constraints; replica identities and statistics targets; comments on indexes, sequences and
    types; and the state of a validated constraint, because NOT VALID in a model says how a constraint is
    added. Partitioning, storage and parents of a table are copied if the model does not define them.
    """
    actual, wanted = sides.actual, sides.wanted
    sequences = dict(wanted.sequences)
    tables = _pairs(
        wanted.tables,
        actual.tables,
        lambda table, existing: _table(table, existing, sequences),
    )
    for name, sequence in sequences.items():
        existing = actual.sequences.get(name)
        if existing is None or existing.owned_by is None or sequence.owned_by is not None:
            continue
        owner, column = existing.owned_by
        if owner in tables and column in tables[owner].columns:
            sequences[name] = replace(sequence, owned_by=existing.owned_by)
    return sides.with_wanted(
        replace(
            wanted,
            tables=tables,
            sequences=_commented(sequences, actual.sequences),
            enums=_commented(wanted.enums, actual.enums),
            domains=_commented(wanted.domains, actual.domains),
        )
    )


def keep_constraint_names(sides: Sides, rules: Rules) -> Sides:  # noqa: ARG001 - a pass
    """Give constraints that are unnamed in the models the names that they have in the database.

    Whatever name the server, a convention or a person chose, the constraint keeps it when it is built again.
    Runs after the renames, which also rename default names.
    """
    tables = _pairs(sides.wanted.tables, sides.actual.tables, _named_as)
    return sides.with_wanted(replace(sides.wanted, tables=tables))


def _pairs(wanted: Mapping[K, V], actual: Mapping[K, V], change: Callable[[V, V], V]) -> dict[K, V]:
    """Apply ``change`` to the items that both have."""
    return {
        name: change(item, actual[name]) if name in actual else item
        for name, item in wanted.items()
    }


def _named_as(table: Table, existing: Table) -> Table:
    if table.constraints.keys() <= existing.constraints.keys():
        return table
    pairs = match(
        existing.constraints, table.constraints, constraint_meaning, lambda _: False
    ).renamed
    names = {
        after.name: before.name
        for before, after in pairs
        if not after.named and before.name not in table.indexes
    }
    named = [replace(item, name=names.get(name, name)) for name, item in table.constraints.items()]
    table = replace(table, constraints={item.name: item for item in named})
    return replace(
        table,
        replica_identity=_by_index(existing.replica_identity, table),
        clustered=_by_index(existing.clustered, table),
    )


def _commented(
    wanted: Mapping[ObjectName, T], existing: Mapping[ObjectName, T]
) -> dict[ObjectName, T]:
    return {
        name: replace(item, comment=existing[name].comment) if name in existing else item
        for name, item in wanted.items()
    }


def _table(table: Table, existing: Table, sequences: dict[ObjectName, Sequence]) -> Table:
    if table == existing:
        return table
    return replace(
        table,
        columns=_pairs(
            table.columns,
            existing.columns,
            lambda column, before: _column(column, before, sequences),
        ),
        constraints=_pairs(table.constraints, existing.constraints, _constraint),
        partition_key=table.partition_key or existing.partition_key,
        options=table.options or existing.options,
        tablespace=table.tablespace or existing.tablespace,
        access_method=table.access_method or existing.access_method,
        indexes=_pairs(table.indexes, existing.indexes, _index),
        inherits=table.inherits or existing.inherits,
        replica_identity=_by_index(existing.replica_identity, table),
        clustered=_by_index(existing.clustered, table),
    )


def _by_index(role: str | None, table: Table) -> str | None:
    """The role of an index, or None if the table no longer has the index."""
    if role in {None, "FULL", "NOTHING"}:
        return role
    name = str(role).removeprefix("INDEX ")
    return role if name in table.indexes or name in table.constraints else None


def _index(index: Index, existing: Index) -> Index:
    place = index.tablespace or existing.tablespace
    return replace(index, comment=existing.comment, tablespace=place)


def _column(column: Column, existing: Column, sequences: dict[ObjectName, Sequence]) -> Column:
    """Copy the storage of a column, and make it serial if its default uses a sequence that it owns."""
    # another type may not be stored in that way
    alike = not changes_family(existing.type, column.type)
    column = replace(
        column,
        storage=existing.storage if alike else None,
        compression=existing.compression if alike else None,
        statistics=existing.statistics,
        parameters=existing.parameters,
    )
    name = existing.sequence
    if name is None or name not in sequences or not column.default or column.serial:
        return column
    if existing.owned_default != column.default:
        return column
    sequence = sequences.pop(name)
    return replace(column, default=None, serial=True, options=sequence.options, sequence=name)


def _constraint(item: Constraint, existing: Constraint) -> Constraint:
    if item.kind == existing.kind:
        item = replace(item, parameters=existing.parameters, tablespace=existing.tablespace)
    if existing.validated and not item.validated and existing.definition == item.definition:
        return replace(item, validated=True)
    return item
