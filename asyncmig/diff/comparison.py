"""One comparison while it is made: both sides, and the operations found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Index
from asyncmig.diff.entities import composite_columns as composite_steps
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.schema_items import Objects
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family
from asyncmig.diff.tables import columns as column_steps
from asyncmig.diff.tables.inheritance import parents_first, parents_kept, parted
from asyncmig.diff.types import domains as domain_steps
from asyncmig.diff.types import enums as enum_steps
from asyncmig.diff.types.temporary_names import free_name, retired_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.catalog.model import Catalog, Column, Constraint, ObjectName
    from asyncmig.diff.entities.compare import EntitySteps
    from asyncmig.diff.schema_items.model_types import ModelTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Steps", "Work"]


@dataclass(slots=True, kw_only=True)
class Steps:
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

    schemas_come: list[MigrateOperation] = field(default_factory=list)
    labels_come: list[MigrateOperation] = field(default_factory=list)
    first: list[MigrateOperation] = field(default_factory=list)
    keys_go: list[MigrateOperation] = field(default_factory=list)
    tables_go: list[MigrateOperation] = field(default_factory=list)
    indexes_go: list[MigrateOperation] = field(default_factory=list)
    constraints_go: list[MigrateOperation] = field(default_factory=list)
    names_change: list[MigrateOperation] = field(default_factory=list)
    generated_go: list[MigrateOperation] = field(default_factory=list)
    types_change: list[MigrateOperation] = field(default_factory=list)
    tables_come: list[MigrateOperation] = field(default_factory=list)
    columns_change: list[MigrateOperation] = field(default_factory=list)
    columns_go: list[MigrateOperation] = field(default_factory=list)
    constraints_come: list[MigrateOperation] = field(default_factory=list)
    indexes_come: list[MigrateOperation] = field(default_factory=list)
    logging: list[MigrateOperation] = field(default_factory=list)
    keys_come: list[MigrateOperation] = field(default_factory=list)
    dropped_meanwhile: list[MigrateOperation] = field(default_factory=list)
    built_meanwhile: list[MigrateOperation] = field(default_factory=list)
    keys_after: list[MigrateOperation] = field(default_factory=list)
    entities_wait: bool = False
    last: list[MigrateOperation] = field(default_factory=list)
    sequences_go: list[MigrateOperation] = field(default_factory=list)
    types_go: list[MigrateOperation] = field(default_factory=list)
    schemas_go: list[MigrateOperation] = field(default_factory=list)

    def in_order(self, entities: EntitySteps) -> list[MigrateOperation]:
        """All of them in an order that runs, around those of the entities."""
        come = [*entities.come, *entities.late]
        meanwhile = [*self.built_meanwhile, *self.keys_after]
        return [
            *self.until_entities_come(entities),
            *(meanwhile + come if self.entities_wait else come + meanwhile),
            *self.going,
            *entities.extensions_go,
            *self.schemas_go,
        ]

    @property
    def dropping(self) -> list[MigrateOperation]:
        """Those among which tables and columns are dropped."""
        return [*self.tables_go, *self.generated_go, *self.columns_go]

    @property
    def going(self) -> list[MigrateOperation]:
        """What is left to do when the tables are as they will be: little things, and what nobody needs."""
        return [*self.last, *self.sequences_go, *self.types_go]

    def until_entities_come(self, entities: EntitySteps) -> list[MigrateOperation]:
        """Those that make the tables as they will be."""
        return [
            *self.schemas_come,
            *entities.extensions_come,
            *self.labels_come,
            *self.keys_go,
            *self.dropped_meanwhile,
            *entities.go,
            *self.first,
            *self.tables_go,
            *self.indexes_go,
            *self.constraints_go,
            *self.names_change,
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
        ]


class Work:
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
        self.steps = Steps()
        self.before = before
        self.after = after
        self.concurrent_indexes = concurrent_indexes
        self.old = Objects(before, model_types)
        self.new = Objects(after, model_types)
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
            if name in after.enums and not enum_steps.grows(enum, after.enums[name])
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
        self.retired = retired_names(self.replaced_types, before, after)
        self.built: dict[ObjectName, set[str]] = {name: set() for name in self.common}
        self._foreign_keys: list[tuple[Constraint, MigrateOperation]] = []
        self._meanwhile: dict[tuple[ObjectName, str], frozenset[str]] = {}
        self._taken = {*before.names, *after.names, *self._index_names()}
        self.rebuilt = {
            name: column_steps.rebuilt(old, new, self.replaced_types)
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
        """A foreign key that comes; when, is told by ``settle_foreign_keys``."""
        self._foreign_keys.append((item, operation))

    def build_meanwhile(
        self, table: ObjectName, item: Constraint | Index, operations: Iterable[MigrateOperation]
    ) -> None:
        """An index, or a key, that comes while writes go on."""
        columns = item.keys if isinstance(item, Index) else item.columns
        self._meanwhile[table, item.name] = frozenset(columns)
        self.steps.built_meanwhile += operations

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
    def constraints_meanwhile(self) -> frozenset[Need]:
        """What entities may stand on that comes in this way."""
        return frozenset(Need("constraint", *table, name) for table, name in self._meanwhile)

    def settle_foreign_keys(self) -> None:
        """Those that lead to a key that is built while writes go on wait for it."""
        keys = {(table, columns) for (table, _), columns in self._meanwhile.items()}
        for item, operation in self._foreign_keys:
            reference = item.reference
            waits = reference and (reference.table, frozenset(reference.columns)) in keys
            (self.steps.keys_after if waits else self.steps.keys_come).append(operation)

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
