"""Copies unmanaged entities, and what declarations leave open, from the database into the models' catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.catalog.entities import ON_TABLES, EventTrigger, Extension, MaterializedView, Routine
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.grants import object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from asyncmig.catalog.entities import Entity, EntityKey, Grant
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.normalize.managed import Managed
    from asyncmig.diff.normalize.sides import CompareHooks, Rules, Sides

__all__ = ["keep_unmanaged"]

_GRANTABLE = {
    "view": "table",
    "materialized_view": "table",
    "function": "function",
    "procedure": "procedure",
    "aggregate": "function",
}
"""The kind of object in GRANT by kind of entity."""

_Object: TypeAlias = "tuple[str, str, str]"
"""The kind of object in GRANT, schema and name."""


def keep_unmanaged(sides: Sides, rules: Rules) -> Sides:
    """Keep entities that are not managed, or that ``include_name`` and ``include_object`` exclude."""
    actual, wanted, managed = sides.actual, sides.wanted, rules.managed
    is_included = _included(rules.hooks, wanted.default_schema)
    existing = actual.entities.by_key
    declared = {
        key: _completed(item, existing.get(key), managed)
        for key, item in wanted.entities.by_key.items()
        if key.kind != "extension" or key.name in managed.extensions
    }
    found: dict[EntityKey, Entity] = {
        key: item for key, item in declared.items() if is_included(key, item, existing.get(key))
    }
    called = {
        item.function
        for key, item in existing.items()
        if isinstance(item, EventTrigger)
        and (not managed.manages(key.kind) or not is_included(key, declared.get(key), item))
    }
    for key, item in existing.items():
        # a partition belongs to its parent, and models know nothing of what is on it
        is_managed = managed.manages(key.kind) and item.partitioned is None
        # PostgreSQL refuses to drop the function of a type, a cast or an event trigger that is kept
        is_required = isinstance(item, Routine) and (item.required or key[1:3] in called)
        is_managed = is_managed and not is_required
        stays = key not in declared and not is_managed
        if (stays or not is_included(key, declared.get(key), item)) and _keeps_table(
            item, actual, wanted
        ):
            found[key] = item
    entities = replace(
        wanted.entities,
        by_key=dict(sorted(found.items())),
        grants=_Grants(sides, managed, found).wanted(is_included),
    )
    return sides.with_wanted(replace(wanted, entities=entities))


def _completed(item: Entity, existing: Entity | None, managed: Managed) -> Entity:
    """Take from the database what a declaration leaves open."""
    if isinstance(item, Extension):
        before = existing if isinstance(existing, Extension) else replace(item, version="")
        schema, version = managed.extensions[item.key.name]
        return replace(
            item,
            schema=schema or before.schema,
            # without a declared version, the server installs its default version
            version=version or before.version,
            comment=before.comment,
        )
    if isinstance(item, MaterializedView):
        with_data = managed.with_data.get(item.key[1:3], True)
        item = replace(item, populated=getattr(existing, "populated", with_data))
    return item if existing is None else replace(item, owner=existing.owner)


def _keeps_table(item: Entity, actual: Catalog, wanted: Catalog) -> bool:
    """False for an entity whose table is dropped, and for statistics one of whose columns is dropped."""
    key = item.key
    if key.kind not in ON_TABLES:
        return True
    name = item.partitioned or ObjectName(key.schema, key.detail or key.name)
    table = wanted.tables.get(name)
    if name not in actual.tables or table is None:
        return name not in actual.tables
    columns = {need.detail for need in item.needs if need.kind == "column"}
    return key.kind != "statistics" or columns <= table.columns.keys()


def _included(hooks: CompareHooks, default_schema: str) -> Callable[[EntityKey, Any, Any], bool]:
    """Whether the functions of the user include an entity; called with the declared and the existing one."""

    def included(key: EntityKey, declared: Any, existing: Any) -> bool:
        schema = None if key.schema in {"", default_schema} else key.schema
        if hooks.include_name is not None and existing is not None:
            parents = {
                "schema_name": schema,
                "table_name": key.detail or None if key.kind in ON_TABLES else None,
                "schema_qualified_table_name": None,
            }
            in_schema = hooks.include_name(schema, "schema", {})
            if not in_schema or not hooks.include_name(key.name, key.kind, parents):
                return False
        if hooks.include_object is None:
            return True
        item = existing if declared is None else declared
        reflected = existing if declared is not None else None
        return bool(hooks.include_object(item, key.name, key.kind, declared is None, reflected))

    return included


class _Grants:
    """The grants to reach: an object without declared grants keeps those that it has.

    Args:
        sides: both sides.
        managed: the managed kinds.
        entities: the entities to reach.
    """

    def __init__(
        self, sides: Sides, managed: Managed, entities: Mapping[EntityKey, Entity]
    ) -> None:
        self._actual = sides.actual
        self._wanted = sides.wanted
        self._existing = _grantable(sides.actual.entities.by_key)
        self._kept = _grantable(entities)
        declared = _grantable(sides.wanted.entities.by_key)
        self._excluded = declared - self._kept
        self._all = "grant" in managed.listed
        self._compared: frozenset[_Object] = frozenset()
        if "grant" in managed.declared | managed.listed:
            grants = sides.wanted.entities.grants.values()
            routines = {item for item in declared if item[0] != "table"}
            public = {_object(grant) for grant in grants if grant.implied}
            explicit = {_object(grant) for grant in grants if not grant.implied}
            # a routine without its implied grant has a declared Revoke
            self._compared = frozenset(explicit | (routines - public))

    def wanted(self, is_included: Callable[[EntityKey, Any, Any], bool]) -> dict[EntityKey, Grant]:
        """The grants by key."""
        existing, declared = self._actual.entities.grants, self._wanted.entities.grants
        found: dict[EntityKey, Grant] = {}
        for key, grant in declared.items():
            is_new = _object(grant) not in self._existing
            compared = _object(grant) in self._compared or self._all or is_new
            revoked = grant.implied and not is_new and key not in existing
            if (
                _object(grant) not in self._excluded
                and compared
                and not revoked
                and not self._is_owners(grant)
                and is_included(key, grant, existing.get(key))
            ):
                found[key] = grant
        found |= {
            key: grant
            for key, grant in existing.items()
            if not (self._is_compared(grant) and is_included(key, declared.get(key), grant))
            and self._keeps_object(grant)
        }
        return dict(sorted(found.items()))

    def _is_owners(self, grant: Grant) -> bool:
        owner = self._actual.entities.owners.get(_object(grant))
        return owner is not None and owner.name == grant.role

    def _is_compared(self, grant: Grant) -> bool:
        owner = self._actual.entities.owners.get(_object(grant))
        # in the shadow the comparing role owns everything, so that its privileges are not printed there
        if owner is not None and owner.reader == grant.role:
            return False
        listed = self._all and grant.object_kind != "schema"  # PUBLIC may use the schema public
        return _object(grant) in self._compared or listed

    def _keeps_object(self, grant: Grant) -> bool:
        """True unless the object of a grant is dropped."""
        name = ObjectName(grant.key.schema, grant.key.name)
        if grant.object_kind == "table" and name in self._actual.tables:
            table = self._wanted.tables.get(name)
            return table is not None and (grant.column is None or grant.column in table.columns)
        if grant.object_kind == "sequence":
            return name not in self._actual.sequences or name in self._wanted.sequences
        return _object(grant) in self._kept or _object(grant) not in self._existing


def _object(grant: Grant) -> _Object:
    return (grant.object_kind, grant.key.schema, grant.key.name)


def _grantable(keys: Iterable[EntityKey]) -> frozenset[_Object]:
    """Views and routines as GRANT names them."""
    return frozenset(
        (_GRANTABLE[key.kind], key.schema, object_name(key))
        for key in keys
        if key.kind in _GRANTABLE
    )
