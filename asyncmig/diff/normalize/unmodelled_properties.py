"""What models cannot say is as the database has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.model import Domain, Enum, Sequence
from asyncmig.diff.schema_items.matching import constraint_meaning, match
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.model import Catalog, Column, Constraint, Index, ObjectName, Table

__all__ = ["keep_constraint_names", "keep_unmodelled"]

T = TypeVar("T", Sequence, Enum, Domain)


def keep_unmodelled(actual: Catalog, wanted: Catalog) -> Catalog:
    """The models' catalog, with what SQLAlchemy has no words for taken from the database's.

    That is who owns a sequence, while its owner stays; how columns and the indexes of constraints are stored;
    replica identities, statistics targets, comments on indexes, sequences and types; and NOT VALID, which in
    a model is about how a constraint is added: one whose rows were checked since then stays so. How a table
    is partitioned, stored and what it inherits is as in the database where a model says nothing of it.
    """
    sequences = dict(wanted.sequences)
    tables = {
        name: table if there is None else _table(table, there, sequences)
        for name, table in wanted.tables.items()
        for there in [actual.tables.get(name)]
    }
    for name, sequence in sequences.items():
        existing = actual.sequences.get(name)
        if existing is None or existing.owned_by is None or sequence.owned_by is not None:
            continue
        place, column = existing.owned_by
        if place in tables and column in tables[place].columns:
            sequences[name] = replace(sequence, owned_by=existing.owned_by)
    return replace(
        wanted,
        tables=tables,
        sequences=_commented(sequences, actual.sequences),
        enums=_commented(wanted.enums, actual.enums),
        domains=_commented(wanted.domains, actual.domains),
    )


def keep_constraint_names(actual: Catalog, wanted: Catalog) -> Catalog:
    """The models' catalog, in which a constraint that a model leaves unnamed is called as it is there.

    Whatever name the server, a convention or somebody chose for it once: it keeps it when it is built anew.
    To be asked when the renames are known, and with them the server's own names that follow.
    """
    tables = {
        name: table if there is None else _named_as(table, there)
        for name, table in wanted.tables.items()
        for there in [actual.tables.get(name)]
    }
    return replace(wanted, tables=tables)


def _named_as(table: Table, there: Table) -> Table:
    if table.constraints.keys() <= there.constraints.keys():
        return table
    pairs = match(there.constraints, table.constraints, constraint_meaning, lambda _: False).renamed
    names = {
        after.name: before.name
        for before, after in pairs
        if not after.named and before.name not in table.indexes
    }
    named = [replace(item, name=names.get(name, name)) for name, item in table.constraints.items()]
    table = replace(table, constraints={item.name: item for item in named})
    return replace(
        table,
        replica_identity=_by_index(there.replica_identity, table),
        clustered=_by_index(there.clustered, table),
    )


def _commented(
    wanted: Mapping[ObjectName, T], there: Mapping[ObjectName, T]
) -> dict[ObjectName, T]:
    return {
        name: replace(item, comment=there[name].comment) if name in there else item
        for name, item in wanted.items()
    }


def _table(table: Table, there: Table, sequences: dict[ObjectName, Sequence]) -> Table:
    if table == there:
        return table
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
        indexes={
            name: index if existing is None else _index(index, existing)
            for name, index in table.indexes.items()
            for existing in [there.indexes.get(name)]
        },
        inherits=table.inherits or there.inherits,
        replica_identity=_by_index(there.replica_identity, table),
        clustered=_by_index(there.clustered, table),
    )


def _by_index(role: str | None, table: Table) -> str | None:
    """What a table does by an index, or None where it has no such index any more."""
    if role in {None, "FULL", "NOTHING"}:
        return role
    name = str(role).removeprefix("INDEX ")
    return role if name in table.indexes or name in table.constraints else None


def _index(index: Index, there: Index) -> Index:
    place = index.tablespace or there.tablespace
    return replace(index, comment=there.comment, tablespace=place)


def _column(column: Column, there: Column, sequences: dict[ObjectName, Sequence]) -> Column:
    """A column as it is stored, and whose default may count with a sequence that it owns there."""
    # another type may not be stored in that way
    alike = not changes_family(there.type, column.type)
    column = replace(
        column,
        storage=there.storage if alike else None,
        compression=there.compression if alike else None,
        statistics=there.statistics,
        parameters=there.parameters,
    )
    name = there.sequence
    if name is None or name not in sequences or not column.default or column.serial:
        return column
    if there.owned_default != column.default:
        return column
    sequence = sequences.pop(name)
    return replace(column, default=None, serial=True, options=sequence.options, sequence=name)


def _constraint(item: Constraint, there: Constraint) -> Constraint:
    if item.kind == there.kind:
        item = replace(item, parameters=there.parameters, tablespace=there.tablespace)
    if there.validated and not item.validated and there.definition == item.definition:
        return replace(item, validated=True)
    return item
