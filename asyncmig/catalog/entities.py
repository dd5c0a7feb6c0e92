"""Entities: the objects of a schema beside tables and simple types, such as views, routines and grants.

Each value has a key, which is the same on both sides of a comparison, the objects that it depends on, and
everything that must be restored when it is dropped and created again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.catalog.object_name import ObjectName

__all__ = [
    "ON_TABLES",
    "ROUTINES",
    "Aggregate",
    "CompositeType",
    "Entities",
    "Entity",
    "EntityKey",
    "EventTrigger",
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
"""The kinds that are dropped with their table: the ``detail`` of their key, or ``name`` for row security."""

ROUTINES = frozenset({"function", "procedure", "aggregate"})
"""The kinds whose key contains the argument types as ``detail``."""


class EntityKey(NamedTuple):
    """The identity of an entity.

    Attributes:
        kind: ``view``, ``materialized_view``, ``function``, ``procedure``, ``trigger``, ``policy``,
            ``row_security``, ``rule``, ``statistics``, ``aggregate``, ``extension``, ``event_trigger``,
            ``composite_type`` or ``grant``.
        schema: the schema; empty for an extension and an event trigger, which have none.
        name: the name; for a grant, the name of its object.
        detail: the table of a trigger, policy and the like; the argument types of a routine; the privilege of
            a grant.
    """

    kind: str
    schema: str
    name: str
    detail: str = ""

    def describe(self, default_schema: str = "") -> str:
        """Kind and name for messages: ``trigger touched on book``, ``function shop.total(integer)``."""
        local = self.schema in {"", default_schema}
        name = self.name if local else f"{self.schema}.{self.name}"
        kind = self.kind.replace("_", " ")
        if self.kind in ROUTINES:
            return f"{kind} {name}({self.detail})"
        on_table = self.kind in ON_TABLES and self.detail
        return f"{kind} {name} on {self.detail}" if on_table else f"{kind} {name}"


class Need(NamedTuple):
    """An object of a schema that an entity depends on.

    Attributes:
        kind: ``relation``, ``column``, ``type``, ``routine`` or ``constraint``.
        schema: its schema.
        name: the name of the relation, type or routine.
        detail: the column or constraint of the relation; the argument types of a routine.
    """

    kind: str
    schema: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The base class.

    Attributes:
        key: the identity.
        comment: the comment.
        needs: the objects that it depends on; not compared.
        owner: the owner, if that is not the comparing role; not compared.
        partitioned: the partitioned table at the top, if it is on a partition; not compared.
    """

    key: EntityKey
    comment: str | None = None
    needs: frozenset[Need] = field(default=frozenset(), compare=False)
    owner: str | None = field(default=None, compare=False)
    partitioned: ObjectName | None = field(default=None, compare=False)


class ViewColumn(NamedTuple):
    """A column of a view: name, type as printed, collation if it is not the one of the type."""

    name: str
    type: str
    collation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Entity):
    """A view; ``options`` are like ``security_barrier=true``."""

    query: str
    columns: tuple[ViewColumn, ...] = ()
    options: tuple[str, ...] = ()
    column_comments: tuple[tuple[str, str], ...] = ()
    column_defaults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterializedView(Entity):
    """A materialized view; ``indexes`` are definitions by name; ``populated`` is not compared."""

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
        arguments: the arguments with names and defaults.
        identity: the arguments without defaults; not compared.
        defaults: the number of arguments with a default; not compared.
        result: the result type; None for a procedure.
        language: the language.
        body: the source; None for a body in SQL-standard syntax.
        volatility: ``immutable``, ``stable`` or ``volatile``.
        strict: STRICT.
        security_definer: SECURITY DEFINER.
        leakproof: LEAKPROOF.
        parallel: ``safe``, ``restricted`` or ``unsafe``.
        cost: COST.
        rows: ROWS; 0 if it does not return a set.
        settings: SET clauses: ``search_path=shop``.
        definition: the whole statement.
        plain: ``op.create_function`` can express all of it; not compared.
        required: a base or range type, cast, operator or another object that no model declares needs it;
            not compared.
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
    required: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Entity):
    """An aggregate function.

    Attributes:
        arguments: the arguments with names; ``*`` for none.
        options: ``SFUNC = shop.add, STYPE = integer``.
    """

    arguments: str
    options: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Entity):
    """A rewrite rule; ``fires`` is like that of a trigger."""

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
class EventTrigger(Entity):
    """An event trigger; ``function`` is schema and name, ``tags`` are sorted, ``fires`` as for a trigger."""

    event: str
    function: tuple[str, str]
    tags: tuple[str, ...] = ()
    fires: str = "origin"


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
    """The row-level security of a table."""

    enabled: bool = True
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(Entity):
    """An extension."""

    version: str
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeType(Entity):
    """A composite type: types as printed, by attribute; their order is not compared."""

    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Entity):
    """One privilege of one role on one object.

    Attributes:
        object_kind: ``table`` (also for views), ``sequence``, ``function``, ``procedure`` or ``schema``.
        role: None for PUBLIC.
        privilege: the privilege in capitals.
        column: the column of a privilege on a column.
        grantable: WITH GRANT OPTION.
        implied: PostgreSQL grants it to PUBLIC when the object is created; not compared.
    """

    object_kind: str
    role: str | None
    privilege: str
    column: str | None = None
    grantable: bool = False
    implied: bool = field(default=False, compare=False)


class Owner(NamedTuple):
    """The owner of an object, if that is not the comparing role.

    Attributes:
        name: the owner.
        reader: the comparing role.
    """

    name: str
    reader: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """All entities of a set of schemas.

    Attributes:
        by_key: all entities except grants.
        grants: the grants.
        table_needs: the routines and types that defaults, checks, indexes and columns of a table depend on,
            and the routines that the default and the checks of a domain depend on.
        owners: owners by the kind (as for ``Grant``), schema and name of objects that can have grants.
    """

    by_key: Mapping[EntityKey, Entity] = field(default_factory=dict)
    grants: Mapping[EntityKey, Grant] = field(default_factory=dict)
    table_needs: Mapping[ObjectName, frozenset[Need]] = field(default_factory=dict, compare=False)
    owners: Mapping[tuple[str, str, str], Owner] = field(default_factory=dict, compare=False)
