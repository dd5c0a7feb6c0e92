"""What a rewrite may know of the database.

A preview and a run must give the same phases, and so must the run that continues a partial revision. A
rewrite therefore asks ``ScriptFacts`` and nothing else. Each answer is kept with the step: the journal stores
it with each phase, and a resume uses the stored answers, however the database has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from asyncmig.sql.names import VOLATILE_FUNCTIONS
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from asyncmig.plan.rewrites.new_relations import PartitionChange, ScriptRelations

__all__ = ["DatabaseFacts", "Partition", "ScriptFacts"]


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition of a partitioned table, of any depth.

    Attributes:
        name: with its schema.
        parent: the table that it is attached to.
        kind: ``pg_class.relkind``: ``r``, ``p`` for a partitioned table, ``f`` for a foreign table.
    """

    name: SqlName
    parent: SqlName
    kind: str

    def as_row(self) -> tuple[str | None, ...]:
        """The partition as plain data."""
        return (self.name.schema, self.name.name, self.parent.schema, self.parent.name, self.kind)

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Self:
        """The partition of ``as_row``."""
        return cls(SqlName(row[0], row[1]), SqlName(row[2], row[3]), row[4])


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The facts of one database, read at the beginning of a run or preview; the defaults are without one.

    Relations are listed by qualified name, and also without a schema where the ``search_path`` finds them.

    Attributes:
        version: the major version of the server; None where it is not known.
        partitions: of each partitioned table all partitions, parents first.
        with_default_partition: the partitioned tables that have a default partition.
        partitioned_indexes: the indexes of partitioned tables.
        refreshable: the materialized views that can be refreshed concurrently.
        without_key: the tables without an index that batches could follow; a backfill follows their blocks.
        volatile_functions: the volatile functions outside of the system's schemas, by name.
    """

    version: int | None = None
    partitions: Mapping[SqlName, tuple[Partition, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    with_default_partition: frozenset[SqlName] = frozenset()
    partitioned_indexes: frozenset[SqlName] = frozenset()
    refreshable: frozenset[SqlName] = frozenset()
    without_key: frozenset[SqlName] = frozenset()
    volatile_functions: frozenset[str] = frozenset()


class ScriptFacts:
    """The facts for the rewrites of one script.

    Args:
        database: the facts of the database.
        relations: the relations that the plan has created so far.
        recorded: the answers that an earlier run of a partial revision has recorded.
        offline: a script for psql is written.

    Attributes:
        answers: the answers given so far, as plain data for the journal.
    """

    def __init__(
        self,
        database: DatabaseFacts,
        relations: ScriptRelations,
        recorded: Mapping[str, Any] | None = None,
        *,
        offline: bool = False,
    ) -> None:
        self.offline = offline
        self._database = database
        self.relations = relations
        self._recorded = recorded or {}
        self.answers: dict[str, Any] = {}

    def is_new(self, relation: SqlName) -> bool:
        """True for a table, materialized view or index that the plan itself has created."""
        own = self.relations.own(relation)
        if own is not None:
            return own
        return bool(self._answer(f"new {relation}", lambda: self.relations.is_of_earlier(relation)))

    def server_is_at_least(self, version: int) -> bool:
        """True when the major version is known to be this one or newer."""
        known = self._answer("version", lambda: self._database.version)
        return known is not None and known >= version

    def partitions(self, table: SqlName) -> tuple[Partition, ...] | None:
        """All partitions of a table, parents first; None for a table that is not partitioned, or unknown."""
        own = self.relations.own_partitions

        def read() -> list[tuple[str | None, ...]] | None:
            found = self._database.partitions.get(table)
            if found is not None:
                found = self._with_changes(table, found, self.relations.earlier_partitions)
            return None if found is None else [each.as_row() for each in found]

        rows = self._answer(f"partitions {table}", read)
        if rows is None:
            return None
        return self._with_changes(table, [Partition.of_row(row) for row in rows], own)

    def _with_changes(
        self, table: SqlName, partitions: Iterable[Partition], changes: Iterable[PartitionChange]
    ) -> tuple[Partition, ...]:
        """The partitions of a table after scripts have attached and detached some."""
        found = list(partitions)
        for change in changes:
            gone = [each.name for each in found if _is(each.name, change.table)]
            while gone:
                found = [each for each in found if each.name not in gone]
                gone = [each.name for each in found if each.parent in gone]
            inner = next((each.name for each in found if _is(each.name, change.parent)), None)
            if change.parent is not None and (inner is not None or _is(table, change.parent)):
                own = self._database.partitions.get(change.table)
                kind = "r" if own is None else "p"
                found += (Partition(change.table, inner or table, kind), *(own or ()))
        return tuple(found)

    def has_default_partition(self, table: SqlName) -> bool:
        """True for a partitioned table with a default partition."""
        known = self._database.with_default_partition
        return bool(self._answer(f"default partition {table}", lambda: table in known))

    def is_partitioned_index(self, index: SqlName) -> bool:
        """True for an index of a partitioned table."""
        known = self._database.partitioned_indexes
        return bool(self._answer(f"partitioned index {index}", lambda: index in known))

    def is_refreshable(self, view: SqlName) -> bool:
        """True for a materialized view with data and a unique index, as a concurrent refresh requires."""
        known = self._database.refreshable
        return bool(self._answer(f"refreshable {view}", lambda: view in known))

    def has_key(self, table: SqlName) -> bool:
        """False for a table that is known to have no key for the batches of a backfill."""
        known = self._database.without_key
        return bool(self._answer(f"key {table}", lambda: table not in known))

    def is_volatile(self, function: str) -> bool:
        """True for a function of that name that is volatile, in whatever schema."""
        if function in VOLATILE_FUNCTIONS:
            return True
        known = self._database.volatile_functions
        return bool(self._answer(f"volatile {function}", lambda: function in known))

    def _answer(self, question: str, read: Callable[[], Any]) -> Any:
        if question not in self.answers:
            recorded = self._recorded
            self.answers[question] = recorded[question] if question in recorded else read()
        return self.answers[question]


def _is(relation: SqlName, named: SqlName | None) -> bool:
    """True when a statement that names a relation, perhaps without its schema, means this one."""
    return (
        named is not None
        and relation.name == named.name
        and (named.schema is None or relation.schema in {None, named.schema})
    )
