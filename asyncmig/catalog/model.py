"""The catalog of a set of schemas as frozen values.

Expressions and definitions are the server's own text, printed with an empty ``search_path``: names of
everything outside ``pg_catalog`` carry their schema, so that two texts are equal exactly when the
server means the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.catalog.entities import Entities

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
    "ObjectName",
    "Sequence",
    "SequenceOptions",
    "Table",
    "TypeName",
]


class ObjectName(NamedTuple):
    """A name within a schema; schemas are always said."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeName:
    """A column's type.

    Attributes:
        text: as ``format_type`` prints it: ``character varying(50)``, ``shop.mood[]``.
        name: the type without modifiers; of an array, that of its elements.
        kind: ``b`` base, ``e`` enum, ``d`` domain, ``c`` composite, ``r`` range, ``m`` multirange; of
            an array, that of its elements.
        array: it is an array of ``name``.
    """

    text: str
    name: ObjectName
    kind: str = "b"
    array: bool = False

    @property
    def element(self) -> TypeName:
        """That of an array's elements; of any other type itself."""
        return replace(self, text=self.text.removesuffix("[]"), array=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceOptions:
    """How a sequence counts."""

    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycle: bool

    @property
    def default_limits(self) -> tuple[int, int]:
        """Smallest and largest value when nothing is said."""
        bits = {"smallint": 15, "integer": 31}.get(self.type, 63)
        return (1, 2**bits - 1) if self.increment > 0 else (-(2**bits), -1)

    @property
    def is_default(self) -> bool:
        """True when nothing but the type was said."""
        low, high = self.default_limits
        said = (self.start, self.increment, self.minimum, self.maximum, self.cache, self.cycle)
        return said == (low, 1, low, high, 1, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: of the column.
        type: of the column.
        nullable: False for NOT NULL.
        collation: printed and quoted, when it is not its type's.
        default: the expression; None for a serial, identity or generated column.
        identity: ``always``, ``by default`` or None.
        generated: the expression of a generated column.
        stored: whether it is computed when written (PostgreSQL 18 also computes when reading).
        serial: the default is the next value of a sequence that the column owns, whatever its name.
        options: of the sequence behind an identity or serial column.
        sequence: the name of the one behind an identity or serial column; nothing compares it.
        owned_default: the default of a serial column as printed; likewise.
        comment: of the column.
        storage: ``EXTERNAL`` and the like, where it is not its type's.
        compression: ``pglz`` or ``lz4``, where it was said.
        statistics: the statistics target, where it was said.
        parameters: of the column, ``n_distinct=50``.
        local: False for one that comes from a parent alone; nothing compares it.
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
    """What a foreign key points to, and how."""

    table: ObjectName
    columns: tuple[str, ...]
    on_update: str = "a"
    on_delete: str = "a"
    match: str = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A constraint.

    Attributes:
        name: of the constraint.
        kind: ``p`` primary key, ``u`` unique, ``f`` foreign key, ``c`` check, ``x`` exclusion.
        definition: as ``pg_get_constraintdef`` prints it, without NOT VALID.
        columns: in the order of the key.
        expression: of a CHECK.
        reference: of a foreign key.
        deferrable: the check may wait until the commit ...
        deferred: ... and does.
        validated: False for NOT VALID.
        named: somebody chose the name; False where a model left it to the server. Nothing compares it.
        comment: of the constraint.
        parameters: of the index behind it, ``fillfactor=70``.
        tablespace: of that index, where it is not the database's.
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
    """An index that no constraint made.

    Attributes:
        name: of the index.
        unique: no two rows may be equal.
        definition: the whole statement.
        body: the statement from USING on.
        method: ``btree``, ``gin`` ...
        keys: column names, or expressions as printed.
        plain_keys: for each key, whether it is a column.
        include: columns that are only carried along.
        predicate: of a partial index.
        operator_classes: for each key its class where it is not the default, else the empty text.
        orders: for each key what follows it: `` DESC``, `` NULLS FIRST`` ...
        collated: a key has a collation that is not its column's, or parameters of its class.
        options: storage parameters, ``fillfactor=70``.
        nulls_not_distinct: NULLs are equal (PostgreSQL 15).
        valid: False after a failed concurrent build.
        tablespace: where it is not the database's.
        comment: of the index.
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
    """A table and what belongs to it, each by name in the order of creation.

    Attributes:
        name: of the table.
        columns: in order.
        constraints: all but NOT NULL, which is a column's.
        indexes: all but those that constraints made.
        comment: of the table.
        unlogged: its changes are not in the write-ahead log.
        partition_key: ``RANGE (at)`` of a partitioned table.
        options: storage parameters, ``fillfactor=70``.
        tablespace: where it is not the database's.
        access_method: where it is not the server's default.
        inherits: its parents, in their order.
        replica_identity: ``FULL``, ``NOTHING`` or the name of an index after ``INDEX``.
        clustered: the name of the index that CLUSTER goes by.
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
    """A sequence that stands for itself; ``owned_by`` is the column it goes with, if any."""

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
        not_null_name: that of its NOT NULL, where it has one that the server did not make (17).
        checks: pairs of name and definition.
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
    """What needs a type or sequence, whosoever it is and wherever it stands.

    Attributes:
        users: how many functions, views and the like.
        tables: by a column, a default, a constraint or an index.
        domains: that are made of it.
    """

    users: int = 0
    tables: frozenset[ObjectName] = frozenset()
    domains: frozenset[ObjectName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything in a set of schemas, by name.

    Attributes:
        default_schema: what a name without a schema means.
        schemas: those of the set that exist.
        entities: views, routines and whatever else is declared beside models.
        holders: of the enum types, domains and sequences that anything needs.
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
        """Of everything that stands in a schema."""
        entities = (ObjectName(key.schema, key.name) for key in self.entities.by_key if key.schema)
        return frozenset({*self.tables, *self.sequences, *self.enums, *self.domains, *entities})
