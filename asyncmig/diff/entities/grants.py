"""Rights, one of a role on an object at a time, as GRANT and REVOKE."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from asyncmig.catalog.entities import ROUTINES, EntityKey, Grant
from asyncmig.catalog.model import ObjectName
from asyncmig.operations.directives.grants import GrantOp, RevokeOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory

__all__ = ["granted", "implied_by", "object_name", "revoked"]


def object_name(key: EntityKey) -> str:
    """What rights call an entity."""
    return f"{key.name}({key.detail})" if key.kind in ROUTINES else key.name


def implied_by(routine: EntityKey) -> Grant:
    """What everybody may do with a routine that was just created."""
    kind = "procedure" if routine.kind == "procedure" else "function"
    detail = f"{kind}\0\0\0EXECUTE"
    return Grant(
        key=EntityKey("grant", routine.schema, object_name(routine), detail),
        object_kind=kind,
        role=None,
        privilege="EXECUTE",
        implied=True,
    )


def granted(grants: Iterable[Grant], objects: SchemaItemFactory) -> Iterator[GrantOp]:
    """One GRANT for all that a role gets on an object."""
    for (kind, schema, name, role, grantable), some in _together(grants).items():
        yield GrantOp(
            _privileges(some, objects),
            _name(kind, name, objects),
            role or "public",
            kind=cast("Any", kind),
            schema=_schema(kind, schema, objects),
            with_grant_option=grantable,
        )


def revoked(
    grants: Iterable[Grant], wanted: Mapping[EntityKey, Grant], objects: SchemaItemFactory
) -> Iterator[RevokeOp]:
    """One REVOKE for all that a role loses on an object; of what it keeps, the right to pass it on."""
    gone = [grant for grant in grants if grant.key not in wanted]
    kept = [grant for grant in grants if grant.key in wanted]
    for some, option_only in ((kept, True), (gone, False)):
        for (kind, schema, name, role, _), group in _together(some).items():
            yield RevokeOp(
                _privileges(group, objects),
                _name(kind, name, objects),
                role or "public",
                kind=cast("Any", kind),
                schema=_schema(kind, schema, objects),
                grant_option_only=option_only,
            )


def _together(
    grants: Iterable[Grant],
) -> dict[tuple[str, str, str, str | None, bool], list[Grant]]:
    groups: dict[tuple[str, str, str, str | None, bool], list[Grant]] = defaultdict(list)
    for grant in sorted(grants, key=lambda item: item.key):
        key = grant.key
        groups[grant.object_kind, key.schema, key.name, grant.role, grant.grantable].append(grant)
    return groups


def _privileges(grants: Iterable[Grant], objects: SchemaItemFactory) -> list[str]:
    columns: dict[str, list[str]] = defaultdict(list)
    for grant in grants:
        found = columns[grant.privilege.lower() + (" " if grant.column else "")]
        if grant.column is not None:
            found.append(objects.quote(grant.column))
    return [f"{verb}({', '.join(names)})" if names else verb for verb, names in columns.items()]


def _name(kind: str, name: str, objects: SchemaItemFactory) -> str:
    return objects.local(name) if kind in {"function", "procedure"} else name


def _schema(kind: str, schema: str, objects: SchemaItemFactory) -> str | None:
    return None if kind == "schema" else objects.schema(ObjectName(schema, ""))
