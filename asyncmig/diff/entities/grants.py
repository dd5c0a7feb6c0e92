"""Privileges as GRANT and REVOKE: a ``Grant`` is one privilege of one role on one object."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from asyncmig.catalog.entities import ROUTINES, EntityKey, Grant
from asyncmig.catalog.object_name import ObjectName
from asyncmig.operations.directives.grants import GrantOp, RevokeOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

__all__ = ["grant_operations", "implied_grant", "object_name", "revoke_operations"]


def object_name(key: EntityKey) -> str:
    """The name of an entity in GRANT."""
    return f"{key.name}({key.detail})" if key.kind in ROUTINES else key.name


def implied_grant(routine: EntityKey) -> Grant:
    """The privilege EXECUTE, which PUBLIC has on every new routine."""
    kind = "procedure" if routine.kind == "procedure" else "function"
    detail = f"{kind}\0\0\0EXECUTE"
    return Grant(
        key=EntityKey("grant", routine.schema, object_name(routine), detail),
        object_kind=kind,
        role=None,
        privilege="EXECUTE",
        implied=True,
    )


def grant_operations(grants: Iterable[Grant], factory: SchemaItemFactory) -> Iterator[GrantOp]:
    """One GRANT per role and object."""
    for (kind, schema, name, role, grantable), group in _by_object(grants).items():
        yield GrantOp(
            _privileges(group, factory),
            _name(kind, name, factory),
            role or "public",
            kind=cast("Any", kind),
            schema=_schema(kind, schema, factory),
            with_grant_option=grantable,
        )


def revoke_operations(
    grants: Iterable[Grant], wanted: Mapping[EntityKey, Grant], factory: SchemaItemFactory
) -> Iterator[RevokeOp]:
    """One REVOKE per role and object; only the grant option of privileges that are in ``wanted``."""
    revoked = [grant for grant in grants if grant.key not in wanted]
    kept = [grant for grant in grants if grant.key in wanted]
    for some, option_only in ((kept, True), (revoked, False)):
        for (kind, schema, name, role, _), group in _by_object(some).items():
            yield RevokeOp(
                _privileges(group, factory),
                _name(kind, name, factory),
                role or "public",
                kind=cast("Any", kind),
                schema=_schema(kind, schema, factory),
                grant_option_only=option_only,
            )


def _by_object(
    grants: Iterable[Grant],
) -> dict[tuple[str, str, str, str | None, bool], list[Grant]]:
    groups: dict[tuple[str, str, str, str | None, bool], list[Grant]] = defaultdict(list)
    for grant in sorted(grants, key=lambda item: item.key):
        key = grant.key
        groups[grant.object_kind, key.schema, key.name, grant.role, grant.grantable].append(grant)
    return groups


def _privileges(grants: Iterable[Grant], factory: SchemaItemFactory) -> list[str]:
    columns: dict[str, list[str]] = defaultdict(list)
    for grant in grants:
        # privileges on columns are apart from the same privilege on the whole table
        found = columns[grant.privilege.lower() + (" " if grant.column else "")]
        if grant.column is not None:
            found.append(factory.quote(grant.column))
    return [f"{verb}({', '.join(names)})" if names else verb for verb, names in columns.items()]


def _name(kind: str, name: str, factory: SchemaItemFactory) -> str:
    return factory.local(name) if kind in {"function", "procedure"} else name


def _schema(kind: str, schema: str, factory: SchemaItemFactory) -> str | None:
    return None if kind == "schema" else factory.schema(ObjectName(schema, ""))
