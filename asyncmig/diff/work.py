"""One comparison while it is made: both sides, and the operations found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.diff import columns as column_steps
from asyncmig.diff import composites as composite_steps
from asyncmig.diff import domains as domain_steps
from asyncmig.diff import enums as enum_steps
from asyncmig.diff.objects import Objects
from asyncmig.diff.printed_sql import columns_in
from asyncmig.diff.retiring import retired_names
from asyncmig.diff.types import changes_family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.catalog.model import Catalog, Column, ObjectName
    from asyncmig.diff.entities import EntitySteps
    from asyncmig.diff.model_types import ModelTypes
    from asyncmig.operations.operation import MigrateOperation

__all__ = ["Steps", "Work"]


@dataclass(slots=True, kw_only=True)
class Steps:
    """The operations found so far, by when they run; each list holds what may run together."""

    schemas_come: list[MigrateOperation] = field(default_factory=list)
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
    last: list[MigrateOperation] = field(default_factory=list)
    sequences_go: list[MigrateOperation] = field(default_factory=list)
    types_go: list[MigrateOperation] = field(default_factory=list)
    schemas_go: list[MigrateOperation] = field(default_factory=list)

    def in_order(self, entities: EntitySteps) -> list[MigrateOperation]:
        """All of them in an order that runs, around those of the entities."""
        return [
            *self.until_entities_come(entities),
            *entities.come,
            *entities.late,
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
            *entities.go,
            *self.first,
            *self.keys_go,
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
        self.replaced_domains = domain_steps.replaced_domains(before, after, self.replaced_types)
        self.replaced_composites = composite_steps.replaced_composites(before, after)
        self.replaced_types |= {*self.replaced_domains, *self.replaced_composites}
        self.retired = retired_names(self.replaced_types, before, after)
        self.built: dict[ObjectName, set[str]] = {name: set() for name in self.common}
        self.rebuilt = {
            name: column_steps.rebuilt(old, new, self.replaced_types)
            for name, (old, new) in self.common.items()
        }

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
