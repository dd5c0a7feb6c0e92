"""What a schema holds beside tables and simple types: views, routines, triggers, policies, rights.

Each value has a key by which both sides of a comparison know it, what it needs of its surroundings, and
what has to be put back when it is dropped and created again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.model import ObjectName

__all__ = [
    "ON_TABLES",
    "ROUTINES",
    "Aggregate",
    "CompositeType",
    "Entities",
    "Entity",
    "EntityKey",
    "Extension",
    "Grant",
    "MaterializedView",
    "Need",
    "Owner",
    "Policy",
    "Routine",
    "RowSecurity",
    "Rule",
    "Statistics",
    "Trigger",
    "View",
    "ViewColumn",
]


ON_TABLES = frozenset({"trigger", "policy", "row_security", "rule", "statistics"})
"""The kinds that go with their table: the ``detail`` of their key, or of ``row_security`` the name."""

ROUTINES = frozenset({"function", "procedure", "aggregate"})
"""The kinds whose key has the types of arguments as ``detail``."""


class EntityKey(NamedTuple):
    """What an entity is known by.

    Attributes:
        kind: ``view``, ``materialized_view``, ``function``, ``procedure``, ``trigger``, ``policy``,
            ``row_security``, ``rule``, ``statistics``, ``aggregate``, ``extension``, ``composite_type`` or
            ``grant``.
        schema: of an extension the empty text, since a database has one of a name.
        name: of a grant, that of the object that it is about.
        detail: the table of what is on one; the types of a routine's arguments; what a grant gives.
    """

    kind: str
    schema: str
    name: str
    detail: str = ""


class Need(NamedTuple):
    """Something of a schema that an entity is built on.

    Attributes:
        kind: ``relation``, ``column``, ``type``, ``routine`` or ``constraint``.
        schema: where it is.
        name: of the relation, type or routine.
        detail: the column or constraint of the relation; the types of a routine's arguments.
    """

    kind: str
    schema: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What all have.

    Attributes:
        key: what it is known by.
        comment: of the entity.
        needs: what it is built on.
        owner: whose it is, where that is not the role that compares.
        partitioned: the topmost table above the partition that it is on.
    """

    key: EntityKey
    comment: str | None = None
    needs: frozenset[Need] = field(default=frozenset(), compare=False)
    owner: str | None = field(default=None, compare=False)
    partitioned: ObjectName | None = field(default=None, compare=False)


class ViewColumn(NamedTuple):
    """A column of a view: name, type as printed, collation where it is not the type's."""

    name: str
    type: str
    collation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Entity):
    """A view; ``options`` as ``security_barrier=true``."""

    query: str
    columns: tuple[ViewColumn, ...] = ()
    options: tuple[str, ...] = ()
    column_comments: tuple[tuple[str, str], ...] = ()
    column_defaults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterializedView(Entity):
    """A materialized view; ``indexes`` are definitions by name; nothing compares ``populated``."""

    query: str
    columns: tuple[ViewColumn, ...] = ()
    options: tuple[str, ...] = ()
    tablespace: str | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    populated: bool = field(default=True, compare=False)
    column_comments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine(Entity):
    """A function or procedure.

    Attributes:
        arguments: with names and defaults, as it is created.
        identity: the same without defaults.
        defaults: how many arguments have one.
        result: None for a procedure.
        language: of the body.
        body: None for one written in SQL's own syntax.
        volatility: ``immutable``, ``stable`` or ``volatile``.
        strict: NULL arguments give NULL.
        security_definer: it runs with its owner's rights.
        leakproof: it tells nothing of its arguments.
        parallel: ``safe``, ``restricted`` or ``unsafe``.
        cost: of a call.
        rows: of a set, estimated; 0 for a single value.
        settings: ``search_path=shop``.
        definition: the whole statement.
        plain: ``op.create_function`` has words for all of it.
    """

    arguments: str
    identity: str = field(compare=False)
    defaults: int = field(compare=False)
    result: str | None
    language: str
    body: str | None
    volatility: str
    strict: bool
    security_definer: bool
    leakproof: bool
    parallel: str
    cost: float
    rows: float
    settings: tuple[str, ...]
    definition: str
    plain: bool = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Entity):
    """An aggregate function.

    Attributes:
        arguments: with names, as it is created: ``*`` for none.
        options: ``SFUNC = shop.add, STYPE = integer``.
    """

    arguments: str
    options: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Entity):
    """A rewrite rule; ``fires`` as a trigger's."""

    definition: str
    fires: str = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics(Entity):
    """Extended statistics of a table; ``target`` is None for the default."""

    definition: str
    target: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Entity):
    """A trigger; ``fires`` is ``origin``, ``disabled``, ``replica`` or ``always``."""

    definition: str
    fires: str = "origin"
    constraint: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Entity):
    """A policy of row-level security."""

    permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None = None
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSecurity(Entity):
    """A table that heeds its policies, or forces them on its owner."""

    enabled: bool = True
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(Entity):
    """An extension."""

    version: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeType(Entity):
    """A composite type: types as printed, by attribute; nothing compares their order."""

    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Entity):
    """One right of one role on one object.

    Attributes:
        object_kind: ``table``, which a view is too, ``sequence``, ``function``, ``procedure`` or ``schema``.
        role: None for everybody.
        privilege: in capitals.
        column: of a right on a column.
        grantable: the role may pass it on.
        implied: PostgreSQL gives it to everybody when the object is created.
    """

    object_kind: str
    role: str | None
    privilege: str
    column: str | None = None
    grantable: bool = False
    implied: bool = field(default=False, compare=False)


class Owner(NamedTuple):
    """Whose an object is, where that is not the role that compares.

    Attributes:
        name: of the owner.
        reader: the role that compares.
    """

    name: str
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """All entities of a set of schemas.

    Attributes:
        by_key: all but the rights.
        grants: the rights.
        table_needs: the routines and types that a table's defaults, checks, indexes and columns need.
        owners: of what rights may be given on: by kind, as for ``Grant``, schema and name.
    """

    by_key: Mapping[EntityKey, Entity] = field(default_factory=dict)
    grants: Mapping[EntityKey, Grant] = field(default_factory=dict)
    table_needs: Mapping[ObjectName, frozenset[Need]] = field(default_factory=dict, compare=False)
    owners: Mapping[tuple[str, str, str], Owner] = field(default_factory=dict, compare=False)

    @property
    def extensions(self) -> frozenset[str]:
        """The names of the extensions."""
        return frozenset(key.name for key in self.by_key if key.kind == "extension")
