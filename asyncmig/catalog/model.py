"""The catalog of a set of schemas as frozen values.

Expressions and definitions are the text that the server prints with an empty ``search_path``: all names
outside ``pg_catalog`` are qualified, so that two texts are equal if and only if they mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import Entities
from asyncmig.catalog.object_name import ObjectName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.entities import Need

__all__ = [
    "Catalog",
    "Column",
    "Constraint",
    "Dependents",
    "Domain",
    "Enum",
    "ForeignKey",
    "Index",
    "Sequence",
    "SequenceOptions",
    "Table",
    "TypeName",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeName:
    """A column's type.

    Attributes:
        text: as ``format_type`` prints it: ``character varying(50)``, ``shop.mood[]``.
        name: the type without modifiers; for an array, the type of its elements.
        kind: ``b`` base, ``e`` enum, ``d`` domain, ``c`` composite, ``r`` range, ``m`` multirange; for
            an array, the kind of its elements.
        array: True for an array of ``name``.
    """

    text: str
    name: ObjectName
    kind: str = "b"
    array: bool = False

    @property
    def element(self) -> TypeName:
        """The type of the elements of an array; any other type itself."""
        return replace(self, text=self.text.removesuffix("[]"), array=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceOptions:
    """The options of a sequence."""

    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool

    @property
    def default_limits(self) -> tuple[int, int]:
        """The smallest and largest value without MINVALUE and MAXVALUE."""
        bits = {"smallint": 15, "integer": 31}.get(self.type, 63)
        return (1, 2**bits - 1) if self.increment > 0 else (-(2**bits), -1)

    @property
    def by_keyword(self) -> dict[str, Any]:
        """All options but the type, by SQLAlchemy's keywords."""
        return {
            "start": self.start,
            "increment": self.increment,
            "minvalue": self.minimum,
            "maxvalue": self.maximum,
            "cache": self.cache,
            "cycle": self.cycle,
        }

    @property
    def changed_options(self) -> dict[str, Any]:
        """The options of ``by_keyword`` that differ from PostgreSQL's defaults."""
        low, high = self.default_limits
        start = self.minimum if self.increment > 0 else self.maximum
        defaults = (start, 1, low, high, 1, False)
        pairs = zip(self.by_keyword.items(), defaults, strict=True)
        return {name: value for (name, value), default in pairs if value != default}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: the name of the column.
        type: its type.
        nullable: False for NOT NULL.
        collation: the collation as SQL, if it is not the one of the type.
        default: the expression; None for a serial, identity or generated column.
        identity: ``always``, ``by default`` or None.
        generated: the expression of a generated column.
        stored: False for a generated column that is computed when it is read (VIRTUAL, PostgreSQL 18).
        serial: the default is the next value of a sequence that the column owns, whatever its name.
        options: the options of the sequence of an identity or serial column.
        sequence: the name of that sequence; not compared.
        owned_default: the default of a serial column as printed; not compared.
        comment: the comment.
        storage: ``EXTERNAL`` and the like, if it is not the one of the type.
        compression: ``pglz`` or ``lz4``, if it is set.
        statistics: the statistics target, if it is set.
        parameters: attribute options, ``n_distinct=50``.
        local: False for a column that is only inherited; not compared.
    """

    name: str
    type: TypeName
    nullable: bool = True
    collation: str | None = None
    default: str | None = None
    identity: str | None = None
    generated: str | None = None
    stored: bool = True
    serial: bool = False
    options: SequenceOptions | None = None
    sequence: ObjectName | None = field(default=None, compare=False)
    owned_default: str | None = field(default=None, compare=False)
    comment: str | None = None
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    parameters: tuple[str, ...] = ()
    local: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """The table and columns that a foreign key refers to, with its actions."""

    table: ObjectName
    columns: tuple[str, ...]
    on_update: str = "a"
    on_delete: str = "a"
    match: str = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A constraint.

    Attributes:
        name: the name of the constraint.
        kind: ``p`` primary key, ``u`` unique, ``f`` foreign key, ``c`` check, ``x`` exclusion.
        definition: as ``pg_get_constraintdef`` prints it, without NOT VALID.
        columns: in the order of the key.
        expression: the expression of a CHECK.
        reference: what a foreign key refers to.
        deferrable: DEFERRABLE.
        deferred: INITIALLY DEFERRED.
        validated: False for NOT VALID.
        named: False if a model leaves the name to the server; not compared.
        comment: the comment.
        parameters: storage parameters of its index, ``fillfactor=70``.
        tablespace: the tablespace of its index, if it is not the database's.
    """

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...] = ()
    expression: str | None = None
    reference: ForeignKey | None = None
    deferrable: bool = False
    deferred: bool = False
    validated: bool = True
    named: bool = field(default=True, compare=False)
    comment: str | None = None
    parameters: tuple[str, ...] = ()
    tablespace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index that does not belong to a constraint.

    Attributes:
        name: the name of the index.
        unique: UNIQUE.
        definition: the whole statement.
        body: the statement from USING on.
        method: ``btree``, ``gin`` ...
        keys: names of columns, or expressions as printed.
        plain_keys: for each key, whether it is a column.
        include: the INCLUDE columns.
        predicate: the condition of a partial index.
        operator_classes: for each key its operator class, or an empty string for the default one.
        orders: for each key its order: `` DESC``, `` NULLS FIRST`` ...
        collated: a key has another collation than its column, or its operator class has parameters.
        options: storage parameters, ``fillfactor=70``.
        nulls_not_distinct: NULLS NOT DISTINCT (PostgreSQL 15).
        valid: False after a failed CREATE INDEX CONCURRENTLY.
        tablespace: the tablespace, if it is not the database's.
        comment: the comment.
    """

    name: str
    unique: bool
    definition: str
    body: str
    method: str = "btree"
    keys: tuple[str, ...] = ()
    plain_keys: tuple[bool, ...] = ()
    include: tuple[str, ...] = ()
    predicate: str | None = None
    operator_classes: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    collated: bool = False
    options: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    valid: bool = True
    tablespace: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its columns, constraints and indexes, each by name in the order of creation.

    Attributes:
        name: the name of the table.
        columns: the columns in order.
        constraints: all constraints except NOT NULL, which is part of a column.
        indexes: all indexes except those of constraints.
        comment: the comment.
        unlogged: UNLOGGED.
        partition_key: the partition key of a partitioned table: ``RANGE (at)``.
        options: storage parameters, ``fillfactor=70``.
        tablespace: the tablespace, if it is not the database's.
        access_method: the table access method, if it is not the server's default.
        inherits: the parents, in order.
        replica_identity: ``FULL``, ``NOTHING``, or ``INDEX`` and the name of an index.
        clustered: the name of the index of CLUSTER ON.
    """

    name: ObjectName
    columns: Mapping[str, Column]
    constraints: Mapping[str, Constraint]
    indexes: Mapping[str, Index]
    comment: str | None = None
    unlogged: bool = False
    partition_key: str | None = None
    options: tuple[str, ...] = ()
    tablespace: str | None = None
    access_method: str | None = None
    inherits: tuple[ObjectName, ...] = ()
    replica_identity: str | None = None
    clustered: str | None = None

    @property
    def primary_key(self) -> Constraint | None:
        """The primary key."""
        return next((item for item in self.constraints.values() if item.kind == "p"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence that is not part of a column; ``owned_by`` is the table and column that own it."""

    name: ObjectName
    options: SequenceOptions
    owned_by: tuple[ObjectName, str] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """An enum type."""

    name: ObjectName
    labels: tuple[str, ...]
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain.

    Attributes:
        not_null_name: the name of its NOT NULL constraint, if it is not the default name (PostgreSQL 17).
        checks: the CHECK constraints: pairs of name and definition.
    """

    name: ObjectName
    type: str
    nullable: bool = True
    not_null_name: str | None = None
    default: str | None = None
    collation: str | None = None
    checks: tuple[tuple[str, str], ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependents:
    """The objects that depend on a type or sequence, in all schemas of the database.

    Attributes:
        users: the number of functions, views and the like.
        tables: the tables whose columns, defaults, constraints or indexes depend on it.
        domains: the domains that are based on it.
    """

    users: int = 0
    tables: frozenset[ObjectName] = frozenset()
    domains: frozenset[ObjectName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The objects in a set of schemas, by name.

    Attributes:
        default_schema: the schema of names without one.
        schemas: the schemas of the set that exist.
        tables: the tables.
        sequences: the sequences that are not part of a column.
        enums: the enum types.
        domains: the domains.
        entities: views, routines and everything else that is declared beside models.
        dependents: the dependents of enum types, domains and sequences; not compared.
    """

    default_schema: str
    schemas: frozenset[str] = frozenset()
    tables: Mapping[ObjectName, Table] = field(default_factory=dict)
    sequences: Mapping[ObjectName, Sequence] = field(default_factory=dict)
    enums: Mapping[ObjectName, Enum] = field(default_factory=dict)
    domains: Mapping[ObjectName, Domain] = field(default_factory=dict)
    entities: Entities = field(default_factory=Entities)
    dependents: Mapping[Need, Dependents] = field(default_factory=dict, compare=False)

    @property
    def names(self) -> frozenset[ObjectName]:
        """The names of all objects that have a schema."""
        entities = (ObjectName(key.schema, key.name) for key in self.entities.by_key if key.schema)
        return frozenset({*self.tables, *self.sequences, *self.enums, *self.domains, *entities})
