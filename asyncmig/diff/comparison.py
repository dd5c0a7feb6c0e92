"""The state of a comparison: both catalogs, what is replaced between them, and the operations so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Index
from asyncmig.diff.schema_items.default_names import free_name
from asyncmig.diff.schema_items.inheritance import detached_children, kept_parents, parents_first
from asyncmig.diff.schema_items.printed_sql import columns_in
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from asyncmig.diff.schema_items.sqlalchemy_types import changes_family
from asyncmig.diff.stages import Stage, StagedOperations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Catalog, Column, Constraint, Enum, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.models_catalog import ModelTypes
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Comparison", "Replacements", "common_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacements:
    """What PostgreSQL cannot alter, so that a new object takes its place under the same name.

    Attributes:
        enums: enum types before and after.
        domains: names of domains, each after those that it is based on.
        composites: names of composite types, each after those that it has attributes of.
        types: the names of all of these.
        temporary_names: the name of each old type until it is dropped: ``mood_old``.
        generated_columns: by table, the generated columns that are dropped and added again.
    """

    enums: tuple[tuple[Enum, Enum], ...] = ()
    domains: tuple[ObjectName, ...] = ()
    composites: tuple[ObjectName, ...] = ()
    types: frozenset[ObjectName] = frozenset()
    temporary_names: Mapping[ObjectName, str] = field(default_factory=dict)
    generated_columns: Mapping[ObjectName, frozenset[str]] = field(default_factory=dict)


def common_tables(before: Catalog, after: Catalog) -> dict[ObjectName, tuple[Table, Table]]:
    """The tables that both catalogs have, before and after, parents first."""
    return parents_first(
        {
            name: (table, after.tables[name])
            for name, table in before.tables.items()
            if name in after.tables
        }
    )


class Comparison:
    """Both sides of a comparison, and the operations from one to the other.

    Args:
        before: the catalog to start from.
        after: the catalog to reach.
        common: what ``common_tables`` returns.
        replacements: what is replaced between them.
        model_types: the types of the models.
        concurrent_indexes: create and drop indexes of existing tables with CONCURRENTLY.

    Attributes:
        old: makes schema items of ``before``.
        new: makes schema items of ``after``.
        common: the tables that both sides have, parents first.
        parents: by table, the parents that it has before, after and in between.
        detached: children and parents that are detached while they change.
        built: by table, the names of the constraints and indexes that are created.
        operations: the result.
    """

    def __init__(
        self,
        before: Catalog,
        after: Catalog,
        common: dict[ObjectName, tuple[Table, Table]],
        replacements: Replacements,
        model_types: ModelTypes | None = None,
        *,
        concurrent_indexes: bool = False,
    ) -> None:
        self.before = before
        self.after = after
        self.replacements = replacements
        self.concurrent_indexes = concurrent_indexes
        self.old = SchemaItemFactory(before, model_types)
        self.new = SchemaItemFactory(after, model_types)
        self.common = common
        self.detached = detached_children(self.common, replacements.types)
        self.parents = kept_parents(self.common, self.detached)
        self.inherited = {parent for parents in self.parents.values() for parent in parents}
        self.built: dict[ObjectName, set[str]] = {name: set() for name in self.common}
        self.operations = StagedOperations()
        self._foreign_keys: list[tuple[Constraint, MigrateOperation]] = []
        self._concurrent: dict[tuple[ObjectName, str], frozenset[str]] = {}
        self._taken = {*before.names, *after.names, *self._index_names()}

    def _index_names(self) -> Iterator[ObjectName]:
        for catalog in (self.before, self.after):
            for name, table in catalog.tables.items():
                for item in (*table.indexes, *table.constraints):
                    yield name._replace(name=item)

    def add(self, stage: Stage, *operations: MigrateOperation) -> None:
        """Add operations to a stage."""
        self.operations.add(stage, *operations)

    def extend(self, stage: Stage, operations: Iterable[MigrateOperation]) -> None:
        """As ``add``, with operations from an iterable."""
        self.operations.extend(stage, operations)

    def free_index_name(self, table: ObjectName, name: str) -> str:
        """A name for an index that takes the place of another one of this name later: ``name_new``."""
        free = free_name(table._replace(name=name), "new", self._taken)
        self._taken.add(free)
        return free.name

    def add_foreign_key(self, item: Constraint, operation: MigrateOperation) -> None:
        """Record a new foreign key; ``stage_foreign_keys`` adds it to a stage."""
        self._foreign_keys.append((item, operation))

    def create_concurrently(
        self, table: ObjectName, item: Constraint | Index, operations: Iterable[MigrateOperation]
    ) -> None:
        """Create an index with CONCURRENTLY, or a constraint of such an index."""
        columns = item.keys if isinstance(item, Index) else item.columns
        self._concurrent[table, item.name] = frozenset(columns)
        self.extend(Stage.CREATE_INDEXES_CONCURRENTLY, operations)

    @cached_property
    def keys_of_dropped(self) -> frozenset[tuple[ObjectName, frozenset[str]]]:
        """The keys that foreign keys of dropped tables refer to: they can be dropped after these tables."""
        return frozenset(
            (item.reference.table, frozenset(item.reference.columns))
            for name, table in self.before.tables.items()
            if name not in self.after.tables
            for item in table.constraints.values()
            if item.reference is not None
        )

    @property
    def concurrent_constraints(self) -> frozenset[Need]:
        """The constraints and indexes of ``create_concurrently``, as entities refer to them."""
        return frozenset(Need("constraint", *table, name) for table, name in self._concurrent)

    def stage_foreign_keys(self) -> None:
        """Add the new foreign keys: those that refer to a concurrently created key come after it."""
        keys = {(table, columns) for (table, _), columns in self._concurrent.items()}
        for item, operation in self._foreign_keys:
            reference = item.reference
            waits = reference and (reference.table, frozenset(reference.columns)) in keys
            self.add(
                Stage.ADD_FOREIGN_KEYS_TO_CONCURRENT_INDEXES if waits else Stage.ADD_FOREIGN_KEYS,
                operation,
            )

    def is_affected(self, table: ObjectName, names: Iterable[str], sql: str) -> bool:
        """True when a constraint or index must be dropped, because a column or type that it uses changes.

        Args:
            table: its table.
            names: its columns.
            sql: its definition, which may name other columns and types.
        """
        bare = sql.replace('"', "")
        if any(str(name) in bare for name in self.replacements.types):
            return True
        if table not in self.common:
            return False
        old, new = self.common[table]
        generated = self.replacements.generated_columns.get(table, frozenset())
        if not generated and old.columns == new.columns:
            return False
        for name in {*names, *columns_in(sql)}:
            before, after = old.columns.get(name), new.columns.get(name)
            if name in generated or (before and after and _breaks(before, after)):
                return True
        return False

    def includes_retyped(self, table: ObjectName, included: Iterable[str]) -> bool:
        """True when an INCLUDE column of a key changes its type.

        PostgreSQL would build the key again, and does not see that a foreign key depends on it.
        """
        old, new = self.common[table]
        pairs = ((old.columns.get(name), new.columns.get(name)) for name in included)
        return any(
            before is not None
            and after is not None
            and (before.type != after.type or before.type.name in self.replacements.types)
            for before, after in pairs
        )


def _breaks(before: Column, after: Column) -> bool:
    """True when constraints and indexes of a column cannot be kept while its type changes."""
    return before.type != after.type and changes_family(before.type, after.type)
