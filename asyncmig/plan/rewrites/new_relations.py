"""The relations that the scripts of one plan have created: nobody waits for them, so they need no rewrite.

They are read from the statements, those of ``op.execute`` and of SQL revisions included. A script may be
recorded more than once, so each script's relations are kept by its revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.reader import Reader, SqlName

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NewRelations", "ScriptRelations"]

_MODIFIERS = frozenset({"GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE"})
_KINDS = frozenset({"INDEX", "MATERIALIZED VIEW", "TABLE"})


class NewRelations:
    """The relations of one plan, by script in the order of the plan."""

    def __init__(self) -> None:
        self._by_script: dict[str, dict[SqlName, bool]] = {}

    def for_script(self, script: str) -> ScriptRelations:
        """The relations for one script, before it is recorded; ``script`` is its revision."""
        earlier: dict[SqlName, bool] = {}
        for name, relations in self._by_script.items():
            if name == script:
                break
            earlier |= relations
        own = self._by_script[script] = {}
        return ScriptRelations(earlier, own)


class ScriptRelations:
    """The relations that exist since the plan began, while one script is recorded.

    Args:
        earlier: of earlier scripts; False for one that was dropped.
        own: of this script so far.
    """

    def __init__(self, earlier: dict[SqlName, bool], own: dict[SqlName, bool]) -> None:
        self._earlier = earlier
        self._own = own

    def own(self, relation: SqlName) -> bool | None:
        """True when this script has created the relation, False when it has dropped or renamed it."""
        return self._own.get(relation)

    def is_of_earlier(self, relation: SqlName) -> bool:
        """True when an earlier script of the plan has created the relation."""
        return self._earlier.get(relation, False)

    def _is_new(self, relation: SqlName) -> bool:
        return self._own.get(relation, self.is_of_earlier(relation))

    def note(self, sql: str) -> None:
        """Follow one statement of the script."""
        for relation, exists in self._changes(Reader(sql)):
            self._own[relation] = exists

    def _changes(self, reader: Reader) -> Iterator[tuple[SqlName, bool]]:
        verb = reader.next()
        if verb == "CREATE":
            reader.skip(_MODIFIERS)
        if verb not in {"ALTER", "CREATE", "DROP"} or (kind := reader.kind()) not in _KINDS:
            return
        if verb == "DROP":
            reader.take("CONCURRENTLY")
            reader.take("IF", "EXISTS")
            yield from ((name, False) for name in reader.names())
        elif verb == "ALTER":
            reader.take("IF", "EXISTS")
            yield from self._renamed(reader)
        elif kind == "INDEX":
            yield from self._new_index(reader)
        elif not reader.take("IF", "NOT", "EXISTS") and (name := reader.name()):
            yield name, True

    def _new_index(self, reader: Reader) -> Iterator[tuple[SqlName, bool]]:
        reader.take("CONCURRENTLY")
        reader.take("IF", "NOT", "EXISTS")
        index = None if reader.word == "ON" else reader.name()
        reader.take("ON", "ONLY")
        table = reader.name()
        if index and table and self._is_new(table):
            yield SqlName(table.schema, index.name), True

    def _renamed(self, reader: Reader) -> Iterator[tuple[SqlName, bool]]:
        reader.take("ONLY")
        old = reader.name()
        if old is None or not self._is_new(old):
            return
        if reader.take("RENAME", "TO") and (new := reader.name()):
            yield old, False
            yield SqlName(old.schema, new.name), True
        elif reader.take("SET", "SCHEMA") and (schema := reader.name()):
            yield old, False
            yield SqlName(schema.name, old.name), True
