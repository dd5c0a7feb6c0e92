"""``compare``: from one catalog to another, as operations in an order that runs.

What stands in the way goes first, what needs others comes last: foreign keys go; tables go; indexes and
other constraints, which foreign keys of those led to, go, and generated columns; types change; tables and
columns come; columns go; constraints, indexes and foreign keys come; sequences and types that nobody needs
any more go.

A downgrade is the same comparison with its sides exchanged.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from asyncmig.catalog.model import ObjectName
from asyncmig.diff import columns as column_steps
from asyncmig.diff import domains as domain_steps
from asyncmig.diff import enums as enum_steps
from asyncmig.diff import sequences as sequence_steps
from asyncmig.diff.entities import changing, compare_entities
from asyncmig.diff.matching import constraint_meaning, index_meaning, match
from asyncmig.diff.objects import Objects
from asyncmig.diff.ordering import creation_order
from asyncmig.diff.printed_sql import columns_in
from asyncmig.diff.storage import alter_storage, column_storage, partitioning
from asyncmig.diff.types import changes_family
from asyncmig.operations.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.operations.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.containers import ModifyTableOps
from asyncmig.operations.execute import ExecuteSQLOp
from asyncmig.operations.indexes import DropIndexOp
from asyncmig.operations.schemas import CreateSchemaOp, DropSchemaOp
from asyncmig.operations.tables import CreateTableOp, DropTableOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.catalog.model import (
        Catalog,
        Column,
        Constraint,
        ForeignKey,
        Index,
        Table,
    )
    from asyncmig.diff.matching import Matching
    from asyncmig.diff.model_types import ModelTypes
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["compare"]

_KINDS = {"f": "foreignkey", "p": "primary", "u": "unique", "c": "check"}


def compare(
    before: Catalog,
    after: Catalog,
    model_types: ModelTypes | None = None,
    *,
    concurrent_indexes: bool = False,
) -> list[MigrateOperation]:
    """What makes ``after`` out of ``before``; empty when they are the same.

    Changes of one table that follow each other stand in a ``ModifyTableOps``.

    Example::

        upgrade, downgrade = compare(database, models), compare(models, database)

    With ``concurrent_indexes`` the indexes of tables that stay are built and dropped while writes go on,
    and so are those behind their new keys, unless the table is partitioned: PostgreSQL refuses it there.
    """
    comparison = _Comparison(before, after, model_types, concurrent_indexes=concurrent_indexes)
    return _gathered(comparison.operations())


class _Comparison:
    """One comparison; each list holds operations that may run together."""

    def __init__(
        self,
        before: Catalog,
        after: Catalog,
        model_types: ModelTypes | None,
        *,
        concurrent_indexes: bool,
    ) -> None:
        self.before = before
        self.after = after
        self._concurrent = concurrent_indexes
        self.old = Objects(before, model_types)
        self.new = Objects(after, model_types)
        self.common = {
            name: (table, after.tables[name])
            for name, table in before.tables.items()
            if name in after.tables
        }
        self.replaced_enums = [
            (enum, after.enums[name])
            for name, enum in before.enums.items()
            if name in after.enums and not enum_steps.grows(enum, after.enums[name])
        ]
        self.replaced_types = {enum.name for enum, _ in self.replaced_enums}
        self.replaced_types |= {
            name
            for name, domain in before.domains.items()
            if name in after.domains and domain_steps.is_replaced(domain, after.domains[name])
        }
        self.rebuilt = {
            name: column_steps.rebuilt(old, new, self.replaced_types)
            for name, (old, new) in self.common.items()
        }
        self.first: list[MigrateOperation] = []
        self.keys_go: list[MigrateOperation] = []
        self.indexes_go: list[MigrateOperation] = []
        self.constraints_go: list[MigrateOperation] = []
        self.tables_go: list[MigrateOperation] = []
        self.generated_go: list[MigrateOperation] = []
        self.types_change: list[MigrateOperation] = []
        self.tables_come: list[MigrateOperation] = []
        self.columns_change: list[MigrateOperation] = []
        self.columns_go: list[MigrateOperation] = []
        self.constraints_come: list[MigrateOperation] = []
        self.indexes_come: list[MigrateOperation] = []
        self.logging: list[MigrateOperation] = []
        self.keys_come: list[MigrateOperation] = []
        self.last: list[MigrateOperation] = []

    def operations(self) -> list[MigrateOperation]:
        """All of them in order."""
        self._schemas()
        self._types()
        self._sequences()
        self._columns()
        self._keys_and_indexes()
        self._tables()
        touched = changing(self.before, self.after, self.replaced_types)
        entities = compare_entities(self.old, self.new, touched)
        return [
            *self._schemas_come,
            *entities.extensions_come,
            *entities.go,
            *self.first,
            *self.keys_go,
            *self.tables_go,
            *self.indexes_go,
            *self.constraints_go,
            *self.generated_go,
            *self.types_change,
            *entities.early,
            *self.tables_come,
            *self.columns_change,
            *self.columns_go,
            *self.constraints_come,
            *self.indexes_come,
            *self.logging,
            *self.keys_come,
            *entities.come,
            *entities.late,
            *self.last,
            *entities.extensions_go,
            *self._schemas_go,
        ]

    # schemas, types, sequences

    def _schemas(self) -> None:
        used = {name.schema for kind in _named(self.after) for name in kind}
        self._schemas_come = [
            CreateSchemaOp(name)
            for name in sorted((self.after.schemas & used) - self.before.schemas)
        ]
        self._schemas_go = [
            DropSchemaOp(name)
            for name in sorted(self.before.schemas - self.after.schemas)
            if any(item.schema == name for kind in _named(self.before) for item in kind)
        ]

    def _types(self) -> None:
        before, after = self.before.enums, self.after.enums
        for name, enum in after.items():
            existing = before.get(name)
            if existing is None:
                self.first.append(enum_steps.create_enum(enum, self.new))
            elif existing.labels == enum.labels:
                continue
            elif enum_steps.grows(existing, enum):
                self.first += enum_steps.add_labels(existing, enum, self.new)
            else:
                self.types_change += enum_steps.replace_enum(existing, enum, self.old, self.new)
        retired: list[MigrateOperation] = [
            enum_steps.drop_replaced(enum, self.old) for enum, _ in self.replaced_enums
        ]
        for name, domain in self.after.domains.items():
            there = self.before.domains.get(name)
            if there is not None and domain_steps.is_replaced(there, domain):
                self.types_change += domain_steps.replace_domain(there, domain, self.old, self.new)
                retired.append(domain_steps.drop_replaced(there, self.old))
        self._types_go: list[MigrateOperation] = [*retired]
        self._types_go += domain_steps.drop_domains(self.before, self.after, self.old)
        self._types_go += [
            enum_steps.drop_enum(enum, self.old)
            for name, enum in before.items()
            if name not in after and not enum.used_elsewhere
        ]
        self.first += domain_steps.create_domains(self.before, self.after, self.new)
        self.types_change += domain_steps.alter_domains(self.before, self.after, self.new)

    def _sequences(self) -> None:
        before, after = self.before.sequences, self.after.sequences
        self._sequences_go: list[MigrateOperation] = []
        for name, sequence in after.items():
            existing = before.get(name)
            if existing is None:
                self.first.append(sequence_steps.create_sequence(sequence, self.new))
                if sequence.owned_by is not None:
                    self.last.append(sequence_steps.owned_by(sequence, self.new))
                continue
            if existing.options != sequence.options:
                self.first.append(
                    sequence_steps.alteration(
                        name.name, self.new.schema(name), existing.options, sequence.options
                    )
                )
            if existing.owned_by != sequence.owned_by:
                self.last.append(sequence_steps.owned_by(sequence, self.new))
        for name, sequence in before.items():
            if name in after:
                continue
            if sequence.owned_by is None or self._stays(*sequence.owned_by):
                self._sequences_go.append(sequence_steps.drop_sequence(sequence, self.old))

    def _stays(self, table: ObjectName, column: str) -> bool:
        return table in self.after.tables and column in self.after.tables[table].columns

    # tables and columns

    def _tables(self) -> None:
        gone = {name: item for name, item in self.before.tables.items() if name not in self.common}
        come = {name: item for name, item in self.after.tables.items() if name not in self.common}
        self.keys_go = [*self._keys_of_dropped(gone), *self.keys_go]
        for table in reversed(creation_order(gone)):
            self.tables_go.append(DropTableOp.from_table(self.old.table(table)))
        there: set[ObjectName] = set()
        for table in creation_order(come):
            there.add(table.name)
            late = [
                item
                for item in table.constraints.values()
                if self.new.constraint_item(item) is None
                or (item.reference is not None and not self._is_ready(item.reference, there))
            ]
            for column in table.columns.values():
                if column.serial and not self.new.writes_serial(column, table):
                    self.tables_come += column_steps.serial_steps(
                        table, column, self.new, create=True
                    )
            self.tables_come.append(self.new.create_table(table, late))
            for column in table.columns.values():
                if column.serial and not self.new.writes_serial(column, table):
                    self.tables_come += column_steps.serial_steps(
                        table, column, self.new, create=False
                    )
            for column in table.columns.values():
                self.tables_come += column_storage(table, None, column, self.new)
            for item in late:
                comes = self.keys_come if item.kind == "f" else self.constraints_come
                comes.append(self.new.add_constraint(table, item))
            self.indexes_come += [
                self.new.create_index(table, index) for index in table.indexes.values()
            ]
            self.last += [
                self._constraint_comment(table, item)
                for item in table.constraints.values()
                if item.comment is not None
            ]
        for old, new in self.common.values():
            self._table_changes(old, new)
        self.logging += self._logging()
        self.last += [*self._sequences_go, *self._types_go]

    def _is_ready(self, reference: ForeignKey, there: set[ObjectName]) -> bool:
        """True when a foreign key can be part of its table: the key that it leads to is there."""
        wanted = _key_of(self.after.tables.get(reference.table), reference)
        if wanted is None:
            return False  # a unique index, which comes later; or a table outside of the comparison
        if reference.table in there:
            return True
        old, new = self.common.get(reference.table, (None, None))
        if old is None or new is None:
            return False
        existing = _key_of(old, reference)
        same = all(old.columns.get(name) == new.columns.get(name) for name in reference.columns)
        return same and existing is not None and existing.definition == wanted.definition

    def _keys_of_dropped(self, gone: Mapping[ObjectName, Table]) -> list[MigrateOperation]:
        """Foreign keys of cycles among the tables that go."""
        dropped: set[ObjectName] = set()
        found: list[MigrateOperation] = []
        for table in reversed(creation_order(gone)):
            # this one is dropped while those that are not in ``dropped`` still point to it
            found += [
                self._drop_constraint(other, item)
                for other in gone.values()
                if other.name not in dropped and other.name != table.name
                for item in other.constraints.values()
                if item.reference is not None and item.reference.table == table.name
            ]
            dropped.add(table.name)
        return found

    def _logging(self) -> Iterator[ExecuteSQLOp]:
        """SET LOGGED and UNLOGGED: no logged table may point to one that is not."""
        changed = {
            name: new for name, (old, new) in self.common.items() if old.unlogged != new.unlogged
        }
        ordered = creation_order(changed)
        for table in ordered:
            if not table.unlogged:
                yield ExecuteSQLOp(f"ALTER TABLE {self.new.qualified(table.name)} SET LOGGED")
        for table in reversed(ordered):
            if table.unlogged:
                yield ExecuteSQLOp(f"ALTER TABLE {self.new.qualified(table.name)} SET UNLOGGED")

    def _table_changes(self, old: Table, new: Table) -> None:
        name, schema = new.name.name, self.new.schema(new.name)
        self.first[:0] = partitioning(old, new, self.new)
        self.last += alter_storage(old, new, self.new)
        if old.comment != new.comment and new.comment is None:
            self.last.append(DropTableCommentOp(name, schema=schema, existing_comment=old.comment))
        elif old.comment != new.comment:
            self.last.append(
                CreateTableCommentOp(name, new.comment, schema=schema, existing_comment=old.comment)
            )

    def _columns(self) -> None:
        for name, (old, new) in self.common.items():
            generated: list[MigrateOperation] = []  # follow what they are made from
            for column in new.columns.values():
                existing = old.columns.get(column.name)
                comes = self.columns_change if column.generated is None else generated
                if existing is None:
                    comes += column_steps.add_column(new, column, self.new)
                elif column.name in self.rebuilt[name]:
                    self.generated_go.append(column_steps.drop_column(old, existing, self.old))
                    comes += column_steps.add_column(new, column, self.new)
                else:
                    self._column_changes(old, new, existing, column)
            self.columns_change += generated
            for column in old.columns.values():
                if column.name not in new.columns:
                    goes = self.columns_go if column.generated is None else self.generated_go
                    goes.append(column_steps.drop_column(old, column, self.old))

    def _column_changes(self, old: Table, new: Table, existing: Column, column: Column) -> None:
        if existing.generated is not None and column.generated is None:
            self.generated_go.append(column_steps.stop_generating(old, existing, self.old))
            existing = replace(existing, generated=None)
        if existing.type.name == column.type.name and column.type.name in self.replaced_types:
            # the default was set together with the new type
            existing = replace(existing, default=column.default)
        if existing != column:
            self.columns_change += column_steps.alter_column(
                new, existing, column, self.old, self.new
            )

    # constraints and indexes

    def _keys_and_indexes(self) -> None:
        matchings: dict[ObjectName, Matching[Constraint]] = {}
        lost_keys: set[tuple[ObjectName, frozenset[str]]] = set()
        for name, (old, new) in self.common.items():
            matching = match(
                old.constraints,
                new.constraints,
                constraint_meaning,
                lambda item, name=name: self._is_touched(name, item.columns, item.definition),  # type: ignore[misc]  # a default is bound early
            )
            matchings[name] = matching
            lost_keys |= {
                (name, frozenset(item.columns)) for item in matching.gone if item.kind in "pu"
            }
            lost_keys |= {
                (name, frozenset(index.keys))
                for index in self._matched_indexes(old, new).gone
                if index.unique
            }
        for name, (old, new) in self.common.items():
            self._constraints(old, new, matchings[name], lost_keys)
            self._indexes(old, new)

    def _is_touched(self, table: ObjectName, names: Iterable[str], sql: str) -> bool:
        """A column of it is built anew or cast, or a type that it names is replaced."""
        bare = sql.replace('"', "")
        if any(str(name) in bare for name in self.replaced_types):
            return True
        old, new = self.common.get(table, (None, None))
        if old is None or new is None:
            return False
        for name in {*names, *columns_in(sql)}:
            before, after = old.columns.get(name), new.columns.get(name)
            if name in self.rebuilt[table] or (before and after and _breaks(before, after)):
                return True
        return False

    def _constraints(
        self,
        old: Table,
        new: Table,
        matching: Matching[Constraint],
        lost_keys: set[tuple[ObjectName, frozenset[str]]],
    ) -> None:
        gone, come = list(matching.gone), list(matching.new)
        for before, after in matching.kept:
            reference = before.reference
            orphaned = reference is not None and (
                (reference.table, frozenset(reference.columns)) in lost_keys
                or self._is_touched(reference.table, reference.columns, "")
            )
            if orphaned or (before.validated and not after.validated):
                gone.append(before)
                come.append(after)
                continue
            if after.validated and not before.validated:
                self.last.append(
                    ValidateConstraintOp(
                        after.name, new.name.name, schema=self.new.schema(new.name)
                    )
                )
            if before.comment != after.comment:
                self.last.append(self._constraint_comment(new, after))
        for before, after in matching.renamed:
            if before.named and after.named:
                self.constraints_come.append(
                    ExecuteSQLOp(
                        f"ALTER TABLE {self.new.qualified(new.name)} RENAME CONSTRAINT "
                        f"{self.new.quote(before.name)} TO {self.new.quote(after.name)}"
                    )
                )
        for item in gone:
            goes = self.keys_go if item.kind == "f" else self.constraints_go
            goes.append(self._drop_constraint(old, item))
        for item in come:
            comes = self.keys_come if item.kind == "f" else self.constraints_come
            if self._concurrently(old, new) and (index := self.new.key_index(new, item)):
                comes += [index, self.new.constraint_using(new, item)]
            else:
                comes.append(self.new.add_constraint(new, item))
            if item.comment is not None:
                self.last.append(self._constraint_comment(new, item))

    def _drop_constraint(self, table: Table, item: Constraint) -> DropConstraintOp:
        add = self.old.add_constraint(table, item)
        return DropConstraintOp(
            item.name,
            table.name.name,
            _KINDS.get(item.kind),
            schema=self.old.schema(table.name),
            _reverse=None if isinstance(add, ExecuteSQLOp) else add,  # type: ignore[arg-type]  # an AddConstraintOp
        )

    def _constraint_comment(self, table: Table, item: Constraint) -> ExecuteSQLOp:
        text = "NULL" if item.comment is None else "'" + item.comment.replace("'", "''") + "'"
        return ExecuteSQLOp(
            f"COMMENT ON CONSTRAINT {self.new.quote(item.name)} ON "
            f"{self.new.qualified(table.name)} IS {text}"
        )

    def _matched_indexes(self, old: Table, new: Table) -> Matching[Index]:
        def must_go(index: Index) -> bool:
            return self._is_touched(old.name, (*index.keys, *index.include), index.body)

        return match(old.indexes, new.indexes, index_meaning, must_go)

    def _indexes(self, old: Table, new: Table) -> None:
        matching = self._matched_indexes(old, new)
        concurrently = self._concurrently(old, new)
        for before, after in matching.renamed:
            renamed = self.new.qualified(old.name._replace(name=before.name))
            self.indexes_come.append(
                ExecuteSQLOp(f"ALTER INDEX {renamed} RENAME TO {self.new.quote(after.name)}")
            )
        for index in matching.gone:
            create = self.old.create_index(old, index)
            self.indexes_go.append(
                DropIndexOp(
                    index.name,
                    old.name.name,
                    schema=self.old.schema(old.name),
                    _reverse=None if isinstance(create, ExecuteSQLOp) else create,  # type: ignore[arg-type]  # a CreateIndexOp
                    **({"postgresql_concurrently": True} if concurrently else {}),
                )
            )
        self.indexes_come += [
            self.new.create_index(new, index, concurrently=concurrently) for index in matching.new
        ]

    def _concurrently(self, old: Table, new: Table) -> bool:
        return self._concurrent and old.partition_key is None and new.partition_key is None


def _key_of(table: Table | None, reference: ForeignKey) -> Constraint | None:
    columns = frozenset(reference.columns)
    keys = table.constraints.values() if table is not None else ()
    return next(
        (item for item in keys if item.kind in "pu" and frozenset(item.columns) == columns), None
    )


def _breaks(before: Column, after: Column) -> bool:
    """True when what is built on a column cannot stay through its change."""
    return before.type != after.type and changes_family(before.type, after.type)


def _named(catalog: Catalog) -> tuple[Mapping[ObjectName, Any], ...]:
    entities = {
        ObjectName(key.schema, key.name): entity
        for key, entity in catalog.entities.by_key.items()
        if key.schema
    }
    return (catalog.tables, catalog.enums, catalog.sequences, catalog.domains, entities)


def _gathered(operations: Iterable[MigrateOperation]) -> list[MigrateOperation]:
    """Neighbours that change the same table, together."""
    gathered: list[MigrateOperation] = []
    for place, group in groupby(operations, key=_altered_table):
        members = list(group)
        if place is None:
            gathered += members
        else:
            schema, name = place
            gathered.append(ModifyTableOps(name, members, schema=schema))
    return gathered


def _altered_table(operation: MigrateOperation) -> tuple[str | None, str] | None:
    if isinstance(operation, CreateTableOp | DropTableOp):
        return None
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
    return None if name is None else (getattr(operation, "schema", None), str(name))
