"""What the scripts of one plan change in the facts of the database: new relations, and partitions.

No session waits for a relation that the plan itself has created, so its directives need no safe form. The
changes are read from the statements, those of ``op.execute`` and of SQL revisions included. A script may be
recorded more than once, so each script's changes are kept by its revision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.sql.reader import Reader, SqlName

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NewRelations", "PartitionChange", "ScriptRelations"]

_MODIFIERS = frozenset({"GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE"})
_KINDS = frozenset({"INDEX", "MATERIALIZED VIEW", "TABLE"})


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """A table becomes a partition of ``parent``; None for one that is a partition no more."""

    table: SqlName
    parent: SqlName | None


@dataclass(slots=True)
class _Changes:
    """The changes of one script; of a relation True when it was created, False when it was dropped."""

    relations: dict[SqlName, bool] = field(default_factory=dict)
    partitions: list[PartitionChange] = field(default_factory=list)


class NewRelations:
    """The changes of one plan, by script in the order of the plan."""

    def __init__(self) -> None:
        self._by_script: dict[str, _Changes] = {}

    def for_script(self, script: str) -> ScriptRelations:
        """The changes for one script, before it is recorded; ``script`` is its revision."""
        earlier = _Changes()
        for name, changes in self._by_script.items():
            if name == script:
                break
            earlier.relations |= changes.relations
            earlier.partitions += changes.partitions
        own = self._by_script[script] = _Changes()
        return ScriptRelations(earlier, own)


class ScriptRelations:
    """The changes since the plan began, while one script is recorded.

    Args:
        earlier: of earlier scripts.
        own: of this script so far.
    """

    def __init__(self, earlier: _Changes, own: _Changes) -> None:
        self._earlier = earlier
        self._own = own

    def own(self, relation: SqlName) -> bool | None:
        """True when this script has created the relation, False when it has dropped or renamed it."""
        return self._own.relations.get(relation)

    def is_of_earlier(self, relation: SqlName) -> bool:
        """True when an earlier script of the plan has created the relation."""
        return self._earlier.relations.get(relation, False)

    @property
    def earlier_partitions(self) -> tuple[PartitionChange, ...]:
        """What earlier scripts have attached and detached."""
        return tuple(self._earlier.partitions)

    @property
    def own_partitions(self) -> tuple[PartitionChange, ...]:
        """What this script has attached and detached so far."""
        return tuple(self._own.partitions)

    def _is_new(self, relation: SqlName) -> bool:
        return self._own.relations.get(relation, self.is_of_earlier(relation))

    def note(self, sql: str) -> None:
        """Follow one statement of the script."""
        for relation, exists in self._changes(Reader(sql)):
            self._own.relations[relation] = exists

    def _changes(self, reader: Reader) -> Iterator[tuple[SqlName, bool]]:
        verb = reader.next()
        reader.skip(_MODIFIERS)
        if verb not in {"ALTER", "CREATE", "DROP"} or (kind := reader.kind()) not in _KINDS:
            return
        if verb == "DROP":
            reader.take("CONCURRENTLY")
            reader.take("IF", "EXISTS")
            for dropped in reader.names():
                self._own.partitions.append(PartitionChange(dropped, None))
                yield dropped, False
        elif verb == "ALTER":
            reader.take("IF", "EXISTS")
            yield from self._altered(reader, kind)
        elif kind == "INDEX":
            yield from self._new_index(reader)
        elif not reader.take("IF", "NOT", "EXISTS") and (name := reader.name()):
            if reader.take("PARTITION", "OF") and (parent := reader.name()):
                self._own.partitions.append(PartitionChange(name, parent))
            yield name, True

    def _new_index(self, reader: Reader) -> Iterator[tuple[SqlName, bool]]:
        reader.take("CONCURRENTLY")
        reader.take("IF", "NOT", "EXISTS")
        index = None if reader.word == "ON" else reader.name()
        reader.take("ON", "ONLY")
        table = reader.name()
        if index and table and self._is_new(table):
            yield SqlName(table.schema, index.name), True

    def _altered(self, reader: Reader, kind: str) -> Iterator[tuple[SqlName, bool]]:
        reader.take("ONLY")
        old = reader.name()
        if action := reader.either("ATTACH", "DETACH"):
            if kind == "TABLE" and reader.take("PARTITION") and (partition := reader.name()):
                parent = old if action == "ATTACH" else None
                self._own.partitions.append(PartitionChange(partition, parent))
        elif old is None or not self._is_new(old):
            return
        elif reader.take("RENAME"):  # of a column or constraint, where TO does not follow
            if reader.take("TO") and (new := reader.name()):
                yield old, False
                yield SqlName(old.schema, new.name), True
        elif reader.take("SET", "SCHEMA") and (schema := reader.name()):
            yield old, False
            yield SqlName(schema.name, old.name), True
