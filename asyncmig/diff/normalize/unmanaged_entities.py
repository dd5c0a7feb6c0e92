"""Entities that nobody manages are as the database has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from asyncmig.catalog.entities import ON_TABLES, Extension, MaterializedView
from asyncmig.catalog.model import ObjectName
from asyncmig.diff.entities.grants import object_name
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from asyncmig.catalog.declarations import Declarations
    from asyncmig.catalog.entities import Entity, EntityKey, Grant
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.normalize.include_filters import IncludeFilters

_MANAGEABLE = frozenset(
    {
        "aggregate",
        "composite_type",
        "extension",
        "function",
        "grant",
        "materialized_view",
        "policy",
        "procedure",
        "row_security",
        "rule",
        "statistics",
        "trigger",
        "view",
    }
)
_NO_DATA = re.compile(r"\bWITH\s+NO\s+DATA\s*;?\s*$", re.IGNORECASE)

__all__ = ["Managed", "keep_unmanaged"]

_GRANTABLE = {
    "view": "table",
    "materialized_view": "table",
    "function": "function",
    "procedure": "procedure",
    "aggregate": "function",
}
"""What rights call the kinds of entities that have some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """What is declared, and what is managed without a declaration.

    Attributes:
        declared: the kinds of which at least one is declared.
        listed: the kinds of the setting ``managed_entities``.
        extensions: the declared extensions: schema and version, None where they are not said.
        filled: schema and name of each declared materialized view, and whether it is created with rows.
    """

    declared: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    extensions: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    filled: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def manages(self, kind: str) -> bool:
        """True when an undeclared entity of this kind is to be dropped."""
        # an extension may be somebody else's, and takes columns along
        return kind in self.listed or (kind in self.declared and kind != "extension")

    @classmethod
    def of(cls, declared: Declarations, listed: Iterable[str] = ()) -> Managed:
        """What these declarations manage, and the kinds that are listed beside them.

        Raises:
            ConfigError: a listed kind is none.
        """
        kinds = frozenset(listed)
        if unknown := kinds - _MANAGEABLE:
            raise ConfigError(
                f"managed_entities names {', '.join(sorted(unknown))}, which is no kind of entity",
                hint=f"the kinds are {', '.join(sorted(_MANAGEABLE))}",
            )
        entities: Iterable[Any] = declared.entities
        return cls(
            declared=declared.kinds,
            listed=kinds,
            extensions={
                item.name: (item.schema, getattr(item, "version", None))
                for item in entities
                if item.kind == "extension"
            },
            filled={
                (item.schema or declared.default_schema, item.name): _is_filled(item)
                for item in entities
                if item.kind == "materialized_view"
            },
        )


def keep_unmanaged(
    actual: Catalog, wanted: Catalog, managed: Managed, choosing: IncludeFilters
) -> Catalog:
    """The catalog to be reached, with what is not managed taken from the database.

    Args:
        actual: the database.
        wanted: models and declared entities.
        managed: which kinds are compared.
        choosing: the user's ``include_name`` and ``include_object``; what they leave out stays as it is.
    """
    kept = _kept(choosing, wanted)
    there = actual.entities.by_key
    ours = {
        key: _completed(item, there.get(key), managed)
        for key, item in wanted.entities.by_key.items()
        if key.kind != "extension" or key.name in managed.extensions
    }
    found: dict[EntityKey, Entity] = {
        key: item for key, item in ours.items() if kept(key, item, there.get(key))
    }
    for key, item in there.items():
        # a partition is its parent's, and what is on it nobody's that models know of
        managing = managed.manages(key.kind) and item.partitioned is None
        stays = key not in ours and not managing
        if (stays or not kept(key, ours.get(key), item)) and _has_ground(item, actual, wanted):
            found[key] = item
    entities = replace(
        wanted.entities,
        by_key=dict(sorted(found.items())),
        grants=_grants(actual, wanted, found, managed, kept),
    )
    return replace(wanted, entities=entities)


def _completed(item: Entity, there: Entity | None, managed: Managed) -> Entity:
    """With what a declaration leaves open as it is in the database."""
    if isinstance(item, Extension):
        existing = there if isinstance(there, Extension) else replace(item, version="")
        schema, version = managed.extensions[item.key.name]
        return replace(
            item,
            schema=schema or existing.schema,
            # what is not said is what the server of the day installs
            version=version or existing.version,
            comment=existing.comment,
        )
    if isinstance(item, MaterializedView):
        filled = managed.filled.get(item.key[1:3], True)
        item = replace(item, populated=getattr(there, "populated", filled))
    return item if there is None else replace(item, owner=there.owner)


def _has_ground(item: Entity, actual: Catalog, wanted: Catalog) -> bool:
    """What belongs to a table is not kept where the table goes, nor statistics where a column does."""
    key = item.key
    if key.kind not in ON_TABLES:
        return True
    name = item.partitioned or ObjectName(key.schema, key.detail or key.name)
    table = wanted.tables.get(name)
    if name not in actual.tables or table is None:
        return name not in actual.tables
    columns = {need.detail for need in item.needs if need.kind == "column"}
    return key.kind != "statistics" or columns <= table.columns.keys()


def _grants(
    actual: Catalog,
    wanted: Catalog,
    entities: Mapping[EntityKey, Entity],
    managed: Managed,
    kept: Callable[[EntityKey, Any, Any], bool],
) -> dict[EntityKey, Grant]:
    """The rights to be reached: those of an object for which none are declared stay."""
    theirs, ours = actual.entities.grants, wanted.entities.grants
    before, names = _names(actual.entities.by_key), _names(entities)
    said = {_object(grant) for grant in ours.values() if not grant.implied}
    open_to_all = {_object(grant) for grant in ours.values() if grant.implied}
    routines = {item for item in _names(wanted.entities.by_key) if item[0] != "table"}
    said |= routines - open_to_all
    if "grant" not in managed.declared | managed.listed:
        said = set()
    everything = "grant" in managed.listed
    left_out = _names(wanted.entities.by_key) - names
    found: dict[EntityKey, Grant] = {}
    for key, grant in ours.items():
        if _object(grant) in left_out:
            continue
        compared = _object(grant) in said or everything or _object(grant) not in before
        closed = grant.implied and _object(grant) in before and key not in theirs
        owner = actual.entities.owners.get(_object(grant))
        owned = owner is not None and owner.name == grant.role
        if compared and not closed and not owned and kept(key, grant, theirs.get(key)):
            found[key] = grant
    for key, grant in theirs.items():
        owner = actual.entities.owners.get(_object(grant))
        # in the shadow all is the reader's own, so that its rights are not told there
        own = owner is not None and owner.reader == grant.role
        listed = everything and grant.object_kind != "schema"  # everybody may use ``public``
        compared = (_object(grant) in said or listed) and not own
        if (not compared or not kept(key, ours.get(key), grant)) and _has_object(
            grant, actual, wanted, before, names
        ):
            found[key] = grant
    return dict(sorted(found.items()))


def _object(grant: Grant) -> tuple[str, str, str]:
    return (grant.object_kind, grant.key.schema, grant.key.name)


def _is_filled(view: Any) -> bool:
    """Whether a declared materialized view is created with its rows."""
    filled = getattr(view, "with_data", None)
    return bool(filled) if filled is not None else not _NO_DATA.search(view.sql()[0])


def _names(keys: Iterable[EntityKey]) -> frozenset[tuple[str, str, str]]:
    """Views and routines as rights call them."""
    return frozenset(
        (_GRANTABLE[key.kind], key.schema, object_name(key))
        for key in keys
        if key.kind in _GRANTABLE
    )


def _has_object(
    grant: Grant,
    actual: Catalog,
    wanted: Catalog,
    before: Collection[tuple[str, str, str]],
    entities: Collection[tuple[str, str, str]],
) -> bool:
    """What the right is about is there afterwards, as far as we know of it."""
    name = ObjectName(grant.key.schema, grant.key.name)
    if grant.object_kind == "table" and name in actual.tables:
        table = wanted.tables.get(name)
        return table is not None and (grant.column is None or grant.column in table.columns)
    if grant.object_kind == "sequence":
        return name not in actual.sequences or name in wanted.sequences
    return _object(grant) in entities or _object(grant) not in before


def _kept(choosing: IncludeFilters, wanted: Catalog) -> Callable[[EntityKey, Any, Any], bool]:
    """Whether the user's functions want an entity compared."""

    def kept(key: EntityKey, ours: Any, theirs: Any) -> bool:
        schema = None if key.schema in {"", wanted.default_schema} else key.schema
        if choosing.include_name is not None and theirs is not None:
            parents = {
                "schema_name": schema,
                "table_name": key.detail or None if key.kind in ON_TABLES else None,
                "schema_qualified_table_name": None,
            }
            in_schema = choosing.include_name(schema, "schema", {})
            if not in_schema or not choosing.include_name(key.name, key.kind, parents):
                return False
        if choosing.include_object is None:
            return True
        item = theirs if ours is None else ours
        reflected = theirs if ours is not None else None
        return bool(choosing.include_object(item, key.name, key.kind, ours is None, reflected))

    return kept
