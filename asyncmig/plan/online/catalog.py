"""The document of a change as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Catalog", "CheckFacts", "ColumnFacts", "ForeignKeyFacts", "IndexFacts", "TableFacts"]

_NOT_NULL_IS_CONSTRAINT = 18


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column that is changed; the keys are those of the document."""

    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])

    @property
    def type(self) -> str:
        """Its type, as ``format_type`` gives it."""
        return str(self.facts["type"])

    @property
    def default(self) -> str | None:
        """The expression of its default."""
        return self.facts.get("default")

    @property
    def sequence(self) -> Mapping[str, Any] | None:
        """The sequence that it owns, or that is its identity."""
        return self.facts.get("sequence")

    @property
    def identity(self) -> str:
        """``a`` for GENERATED ALWAYS AS IDENTITY, ``d`` for BY DEFAULT; empty for none."""
        return str(self.facts.get("identity") or "")


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index that has a changed column, and the constraint that it belongs to."""

    facts: Mapping[str, Any]
    constraint: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """A CHECK that has a changed column."""

    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])


@dataclass(frozen=True, slots=True)
class ForeignKeyFacts:
    """A foreign key from or to a changed column."""

    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["name"])

    @property
    def table(self) -> str:
        """The table that has it, as SQL."""
        return qualified(self.facts["schema"], self.facts["table"])

    @property
    def target(self) -> str:
        """The table that it refers to, as SQL."""
        return qualified(self.facts["to_schema"], self.facts["to_table"])

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.table, self.name


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table with changed columns."""

    facts: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name without the schema."""
        return str(self.facts["name"])

    @property
    def schema(self) -> str | None:
        """Its schema; None where no database was read."""
        schema: str | None = self.facts["schema"]
        return schema

    @property
    def sql(self) -> str:
        """Its name as SQL."""
        return qualified(self.schema, self.name)

    @property
    def columns(self) -> tuple[ColumnFacts, ...]:
        """The changed columns."""
        return tuple(map(ColumnFacts, self.facts["columns"]))

    @property
    def indexes(self) -> tuple[IndexFacts, ...]:
        """The indexes that have one of them."""
        owners = {each.get("index"): each for each in self.facts["constraints"]}
        return tuple(IndexFacts(each, owners.get(each["name"])) for each in self.facts["indexes"])

    @property
    def checks(self) -> tuple[CheckFacts, ...]:
        """The CHECK constraints that have one of them."""
        return tuple(CheckFacts(each) for each in self.facts["constraints"] if each["kind"] == "c")

    @property
    def foreign_keys(self) -> tuple[ForeignKeyFacts, ...]:
        """The foreign keys from and to one of them."""
        return tuple(map(ForeignKeyFacts, self.facts["foreign_keys"]))

    @property
    def copied(self) -> tuple[IndexFacts | CheckFacts, ...]:
        """What is made for the new columns under another name."""
        return (*self.indexes, *self.checks)

    def column_sql(self, name: str) -> str:
        """A column with the table's name before it."""
        return f"{self.sql}.{identifier(name)}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What an online change depends on.

    Attributes:
        version: of the server; None where no database was read.
        column: the name of the column that the change is about, of the first table.
        mark: what an unfinished change of this column has left: its ``kind``, ``old`` and ``new`` column, the
            ``revision`` and ``direction`` of its script, and whether it was ``swapped``.
        tables: with the changed columns.
    """

    version: int | None
    column: str
    mark: Mapping[str, Any] | None
    tables: tuple[TableFacts, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Catalog:
        """The values of a document."""
        return cls(
            document["version"],
            document["column"],
            document.get("mark"),
            tuple(map(TableFacts, document["tables"])),
        )

    @classmethod
    def assumed(cls, table: str, schema: str | None, column: str) -> Catalog:
        """A column about which nothing is known, for a plan without a database."""
        return cls(
            None,
            column,
            None,
            (
                TableFacts(
                    {
                        "schema": schema,
                        "name": table,
                        "kind": "r",
                        "persistence": "p",
                        "replica_identity": "d",
                        "has_key": True,
                        "columns": [{"name": column, "type": "unknown", "can_compare": True}],
                        "names": [],
                        "objects": [],
                        "indexes": [],
                        "constraints": [],
                        "foreign_keys": [],
                        "triggers": [],
                        "grants": [],
                        "publications": [],
                        "rules": [],
                        "dependents": [],
                    }
                ),
            ),
        )

    @property
    def has_not_null_constraints(self) -> bool:
        """True where NOT NULL is a constraint that can be added without reading the table."""
        return self.version is not None and self.version >= _NOT_NULL_IS_CONSTRAINT

    @property
    def foreign_keys(self) -> tuple[ForeignKeyFacts, ...]:
        """All foreign keys, each once."""
        found = {key.key: key for table in self.tables for key in table.foreign_keys}
        return tuple(found.values())
