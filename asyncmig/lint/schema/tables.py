"""Tables, columns, constraints and indexes as far as they are known; mutable, as statements change them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.sql.actions.action import ConstraintKind

if TYPE_CHECKING:
    from asyncmig.sql.reader import SqlName

__all__ = ["KnownColumn", "KnownConstraint", "KnownIndex", "KnownSchema", "KnownTable", "key_of"]


def key_of(name: SqlName) -> str:
    """What tells a relation from others; a name without a schema is one of ``public``."""
    return name.name if name.schema in (None, "public") else f"{name.schema}.{name.name}"


@dataclass(slots=True, kw_only=True)
class KnownColumn:
    """A column; ``type`` is None where it is not known, ``enum`` says that its type is an enum."""

    name: str
    type: str | None = None
    not_null: bool = False
    enum: bool = False


@dataclass(slots=True, kw_only=True)
class KnownConstraint:
    """A constraint; ``name`` is the key of PostgreSQL's choice where the script gives none."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    expression: str | None = None
    references: str | None = None
    valid: bool = True


@dataclass(slots=True, kw_only=True)
class KnownIndex:
    """An index; ``columns`` are those that are plain names, in order."""

    name: str
    columns: tuple[str, ...] = ()
    unique: bool = False
    valid: bool = True
    constraint: bool = False


@dataclass(slots=True, kw_only=True)
class KnownTable:
    """A table, partitioned table, view or materialized view.

    Attributes:
        name: as ``key_of`` gives it.
        kind: ``table``, ``partitioned``, ``view`` or ``materialized view``.
        complete: all of its columns, constraints and indexes are known.
        rows: estimate; None where no database was asked.
        bytes: with indexes; likewise.
        views: by column, views that use it; ``*`` where the column is not known.
    """

    name: str
    kind: str = "table"
    complete: bool = True
    columns: dict[str, KnownColumn] = field(default_factory=dict)
    constraints: dict[str, KnownConstraint] = field(default_factory=dict)
    indexes: dict[str, KnownIndex] = field(default_factory=dict)
    partition_of: str | None = None
    rows: int | None = None
    bytes: int | None = None
    views: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def covering_index(self, columns: tuple[str, ...]) -> KnownIndex | None:
        """A valid index that begins with these columns, in whatever order."""
        wanted = set(columns)
        for index in self.indexes.values():
            if index.valid and set(index.columns[: len(wanted)]) == wanted:
                return index
        return None

    def proves_not_null(self, column: str) -> bool:
        """Whether a valid constraint says already that the column has no NULL."""
        known = self.columns.get(column)
        if known is not None and known.not_null:
            return True
        return any(
            constraint.valid
            and (
                (constraint.kind is ConstraintKind.NOT_NULL and column in constraint.columns)
                or (
                    constraint.kind is ConstraintKind.CHECK
                    and _says_not_null(constraint.expression, column)
                )
            )
            for constraint in self.constraints.values()
        )


def _same_name(type_: str | None, name: str) -> bool:
    text = (type_ or "").replace('"', "").removesuffix("[]")
    return text.removeprefix("public.") == name


def _says_not_null(expression: str | None, column: str) -> bool:
    """Whether one of the conditions of a CHECK, all joined by AND, is ``column IS NOT NULL``."""
    text = " ".join(
        (expression or "").replace('"', " ").replace("(", " ").replace(")", " ").split()
    )
    if " or " in f" {text.lower()} ":
        return False
    parts = f" {text.lower()} ".split(" and ")
    return f"{column.lower()} is not null" in {part.strip() for part in parts}


@dataclass(slots=True, kw_only=True)
class KnownSchema:
    """Everything that is known, as it is before the next statement.

    Attributes:
        source: ``history`` or ``database``.
        complete: every relation is known: no statement so far could not be analysed.
        tables: by key.
        index_tables: the table of an index, by the key of the index.
        enums: the enum types.
        domain_users: tables that have a column of a domain, by the key of the domain.
        volatile: volatility of functions by name: ``v``, ``s`` or ``i``.
        backfills: names of backfills that are not done, by the key of their table.
    """

    source: str = "history"
    complete: bool = True
    tables: dict[str, KnownTable] = field(default_factory=dict)
    index_tables: dict[str, str] = field(default_factory=dict)
    enums: set[str] = field(default_factory=set)
    domain_users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    volatile: dict[str, str] = field(default_factory=dict)
    backfills: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def table(self, name: SqlName | str | None) -> KnownTable | None:
        """The relation of that name, if it is known."""
        if name is None:
            return None
        return self.tables.get(name if isinstance(name, str) else key_of(name))

    def table_of_index(self, index: SqlName) -> KnownTable | None:
        """The table of an index, if it is known."""
        key = self.index_tables.get(key_of(index))
        return self.tables.get(key) if key else None

    def users_of(self, domain: str) -> tuple[str, ...]:
        """The tables with a column of a domain: those that were looked up, and those of the history."""
        found = dict.fromkeys(self.domain_users.get(domain, ()))
        for table in self.tables.values():
            if any(_same_name(column.type, domain) for column in table.columns.values()):
                found[table.name] = None
        return tuple(found)

    def referencing(self, key: str) -> tuple[KnownTable, ...]:
        """The tables with a foreign key to that one."""
        return tuple(
            table
            for table in self.tables.values()
            if table.name != key
            and any(constraint.references == key for constraint in table.constraints.values())
        )

    def referenced(self, key: str) -> tuple[str, ...]:
        """The tables that that one refers to by a foreign key."""
        table = self.tables.get(key)
        if table is None:
            return ()
        found = (constraint.references for constraint in table.constraints.values())
        return tuple(dict.fromkeys(other for other in found if other and other != key))
