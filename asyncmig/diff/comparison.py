"""One comparison while it is made: both sides, and the operations found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Index
from asyncmig.diff.entities import composite_columns as composite_steps
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family
from asyncmig.diff.tables import columns as column_steps
from asyncmig.diff.tables.inheritance import parents_first, parents_kept, parted
from asyncmig.diff.types import domains as domain_steps
from asyncmig.diff.types import enums as enum_steps
from asyncmig.diff.types.temporary_names import free_name, temporary_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.catalog.model import Catalog, Column, Constraint, ObjectName
    from asyncmig.diff.entities.compare import EntityOrder
    from asyncmig.diff.schema_items.model_types import ModelTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Comparison", "OperationOrder"]


@dataclass(slots=True, kw_only=True)
class OperationOrder:
    """The operations found so far, by when they run; each list holds what may run together.

    Attributes:
        labels_come: new labels of enum types, which are committed before they can be used: before anything
            is taken away.
        dropped_meanwhile: the indexes that go while writes go on, before anything else is taken away, so
            that nothing is missing for as long as that takes.
        built_meanwhile: those that come while writes go on, with their constraints, when all else is there.
        keys_after: foreign keys that lead to one of these.
        entities_wait: an entity needs one of these constraints, too.
    """

    create_schemas: list[MigrateOperation] = field(default_factory=list)
    add_enum_labels: list[MigrateOperation] = field(default_factory=list)
    pre: list[MigrateOperation] = field(default_factory=list)
    drop_foreign_keys: list[MigrateOperation] = field(default_factory=list)
    drop_tables: list[MigrateOperation] = field(default_factory=list)
    drop_indexes: list[MigrateOperation] = field(default_factory=list)
    drop_constraints: list[MigrateOperation] = field(default_factory=list)
    rename: list[MigrateOperation] = field(default_factory=list)
    drop_generated: list[MigrateOperation] = field(default_factory=list)
    change_types: list[MigrateOperation] = field(default_factory=list)
    create_tables: list[MigrateOperation] = field(default_factory=list)
    change_columns: list[MigrateOperation] = field(default_factory=list)
    drop_columns: list[MigrateOperation] = field(default_factory=list)
    add_constraints: list[MigrateOperation] = field(default_factory=list)
    create_indexes: list[MigrateOperation] = field(default_factory=list)
    set_logged: list[MigrateOperation] = field(default_factory=list)
    add_foreign_keys: list[MigrateOperation] = field(default_factory=list)
    drop_concurrently: list[MigrateOperation] = field(default_factory=list)
    create_concurrently: list[MigrateOperation] = field(default_factory=list)
    add_foreign_keys_concurrently: list[MigrateOperation] = field(default_factory=list)
    create_late_entities: bool = False
    post: list[MigrateOperation] = field(default_factory=list)
    drop_sequences: list[MigrateOperation] = field(default_factory=list)
    drop_types: list[MigrateOperation] = field(default_factory=list)
    drop_schemas: list[MigrateOperation] = field(default_factory=list)

    def in_order(self, entities: EntityOrder) -> list[MigrateOperation]:
        """All of them in an order that runs, around those of the entities."""
        come = [*entities.create, *entities.create_late]
        meanwhile = [*self.create_concurrently, *self.add_foreign_keys_concurrently]
        return [
            *self.before_new_entities(entities),
            *(meanwhile + come if self.create_late_entities else come + meanwhile),
            *self.going,
            *entities.drop_extensions,
            *self.drop_schemas,
        ]

    @property
    def dropping(self) -> list[MigrateOperation]:
        """Those among which tables and columns are dropped."""
        return [*self.drop_tables, *self.drop_generated, *self.drop_columns]

    @property
    def going(self) -> list[MigrateOperation]:
        """What is left to do when the tables are as they will be: little things, and what nobody needs."""
        return [*self.post, *self.drop_sequences, *self.drop_types]

    def before_new_entities(self, entities: EntityOrder) -> list[MigrateOperation]:
        """Those that make the tables as they will be."""
        return [
            *self.create_schemas,
            *entities.create_extensions,
            *self.add_enum_labels,
            *self.drop_foreign_keys,
            *self.drop_concurrently,
            *entities.drop,
            *self.pre,
            *self.drop_tables,
            *self.drop_indexes,
            *self.drop_constraints,
            *self.rename,
            *self.drop_generated,
            *self.change_types,
            *entities.create_early,
            *self.create_tables,
            *self.change_columns,
            *self.drop_columns,
            *self.add_constraints,
            *self.create_indexes,
            *self.set_logged,
            *self.add_foreign_keys,
        ]


class Comparison:
    """Both sides of a comparison, what they have in common, and what becomes of it.

    Args:
        before: what there is.
        after: what there is to be.
        model_types: the types as the models spell them.
        concurrent_indexes: make and drop indexes of existing tables while writes go on.
    """

    def __init__(
        self,
        before: Catalog,
        after: Catalog,
        model_types: ModelTypes | None,
        *,
        concurrent_indexes: bool,
    ) -> None:
        self.steps = OperationOrder()
        self.before = before
        self.after = after
        self.concurrent_indexes = concurrent_indexes
        self.old = SchemaItemFactory(before, model_types)
        self.new = SchemaItemFactory(after, model_types)
        self.common = parents_first(
            {
                name: (table, after.tables[name])
                for name, table in before.tables.items()
                if name in after.tables
            }
        )
        self.replaced_enums = [
            (enum, after.enums[name])
            for name, enum in before.enums.items()
            if name in after.enums and not enum_steps.only_adds_labels(enum, after.enums[name])
        ]
        self.replaced_types = {enum.name for enum, _ in self.replaced_enums}
        self.replaced_domains = domain_steps.replaced_domains(before, after, self.replaced_types)
        self.replaced_types |= {*self.replaced_domains}
        self.replaced_composites = composite_steps.replaced_composites(
            before, after, self.replaced_types
        )
        self.replaced_types |= {*self.replaced_composites}
        self.parted = parted(self.common, self.replaced_types)
        self.parents = parents_kept(self.common, self.parted)
        self.inherited = {parent for parents in self.parents.values() for parent in parents}
        self.retired = temporary_names(self.replaced_types, before, after)
        self.built: dict[ObjectName, set[str]] = {name: set() for name in self.common}
        self._foreign_keys: list[tuple[Constraint, MigrateOperation]] = []
        self._meanwhile: dict[tuple[ObjectName, str], frozenset[str]] = {}
        self._taken = {*before.names, *after.names, *self._index_names()}
        self.rebuilt = {
            name: column_steps.rebuilt_columns(old, new, self.replaced_types)
            for name, (old, new) in self.common.items()
        }

    def _index_names(self) -> Iterator[ObjectName]:
        for catalog in (self.before, self.after):
            for name, table in catalog.tables.items():
                for item in (*table.indexes, *table.constraints):
                    yield name._replace(name=item)

    def free_index_name(self, table: ObjectName, name: str) -> str:
        """What an index is called until it may have a name that another one has."""
        free = free_name(table._replace(name=name), "new", self._taken)
        self._taken.add(free)
        return free.name

    def add_foreign_key(self, item: Constraint, operation: MigrateOperation) -> None:
        """A foreign key that comes; when, is told by ``order_foreign_keys``."""
        self._foreign_keys.append((item, operation))

    def create_concurrently(
        self, table: ObjectName, item: Constraint | Index, operations: Iterable[MigrateOperation]
    ) -> None:
        """An index, or a key, that comes while writes go on."""
        columns = item.keys if isinstance(item, Index) else item.columns
        self._meanwhile[table, item.name] = frozenset(columns)
        self.steps.create_concurrently += operations

    @cached_property
    def keys_of_dropped(self) -> frozenset[tuple[ObjectName, frozenset[str]]]:
        """The keys that stand until a table goes, whose foreign key leads to them."""
        return frozenset(
            (item.reference.table, frozenset(item.reference.columns))
            for name, table in self.before.tables.items()
            if name not in self.after.tables
            for item in table.constraints.values()
            if item.reference is not None
        )

    @property
    def concurrent_constraints(self) -> frozenset[Need]:
        """What entities may stand on that comes in this way."""
        return frozenset(Need("constraint", *table, name) for table, name in self._meanwhile)

    def order_foreign_keys(self) -> None:
        """Those that lead to a key that is built while writes go on wait for it."""
        keys = {(table, columns) for (table, _), columns in self._meanwhile.items()}
        for item, operation in self._foreign_keys:
            reference = item.reference
            waits = reference and (reference.table, frozenset(reference.columns)) in keys
            (
                self.steps.add_foreign_keys_concurrently if waits else self.steps.add_foreign_keys
            ).append(operation)

    def is_touched(self, table: ObjectName, names: Iterable[str], sql: str) -> bool:
        """A column of it is built anew or cast, or a type that it names is replaced."""
        if self.replaced_types:
            bare = sql.replace('"', "")
            if any(str(name) in bare for name in self.replaced_types):
                return True
        old, new = self.common.get(table, (None, None))
        if old is None or new is None:
            return False
        if not self.rebuilt[table] and old.columns == new.columns:
            return False
        for name in {*names, *columns_in(sql)}:
            before, after = old.columns.get(name), new.columns.get(name)
            if name in self.rebuilt[table] or (before and after and _breaks(before, after)):
                return True
        return False

    def carries_retyped(self, table: ObjectName, included: Iterable[str]) -> bool:
        """A column that a key only carries along gets another type.

        PostgreSQL would build the key anew, and does not see that a foreign key stands on it.
        """
        old, new = self.common.get(table, (None, None))
        if old is None or new is None:
            return False
        pairs = ((old.columns.get(name), new.columns.get(name)) for name in included)
        return any(
            before is not None
            and after is not None
            and (before.type != after.type or before.type.name in self.replaced_types)
            for before, after in pairs
        )


def _breaks(before: Column, after: Column) -> bool:
    """True when what is built on a column cannot stay through its change."""
    return before.type != after.type and changes_family(before.type, after.type)
