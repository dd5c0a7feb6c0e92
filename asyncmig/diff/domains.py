"""Domains, as SQL: no directive makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.operations.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.catalog.model import Catalog, Domain
    from asyncmig.diff.objects import Objects

__all__ = ["alter_domains", "create_domains", "drop_domains"]


def create_domains(before: Catalog, after: Catalog, objects: Objects) -> Iterator[ExecuteSQLOp]:
    """CREATE DOMAIN for each new one."""
    for name, domain in after.domains.items():
        if name not in before.domains:
            yield ExecuteSQLOp(_create(domain, objects))


def drop_domains(before: Catalog, after: Catalog, objects: Objects) -> Iterator[ExecuteSQLOp]:
    """DROP DOMAIN for each one that is gone."""
    for name in before.domains:
        if name not in after.domains:
            yield ExecuteSQLOp(f"DROP DOMAIN {objects.qualified(name)}")


def alter_domains(before: Catalog, after: Catalog, objects: Objects) -> Iterator[ExecuteSQLOp]:
    """ALTER DOMAIN for what differs; a domain's base type cannot be changed."""
    for name, domain in after.domains.items():
        existing = before.domains.get(name)
        if existing is None or existing == domain:
            continue
        alter = f"ALTER DOMAIN {objects.qualified(name)}"
        old, new = dict(existing.checks), dict(domain.checks)
        for check, definition in old.items():
            if new.get(check) != definition:
                yield ExecuteSQLOp(f"{alter} DROP CONSTRAINT {objects.quote(check)}")
        if existing.default != domain.default:
            default = domain.default
            change = "DROP DEFAULT" if default is None else f"SET DEFAULT {objects.local(default)}"
            yield ExecuteSQLOp(f"{alter} {change}")
        if existing.nullable != domain.nullable:
            yield ExecuteSQLOp(f"{alter} {'DROP' if domain.nullable else 'SET'} NOT NULL")
        for check, definition in new.items():
            if old.get(check) != definition:
                yield ExecuteSQLOp(
                    f"{alter} ADD CONSTRAINT {objects.quote(check)} {objects.local(definition)}"
                )


def _create(domain: Domain, objects: Objects) -> str:
    parts = [f"CREATE DOMAIN {objects.qualified(domain.name)} AS {objects.local(domain.type)}"]
    if domain.collation is not None:
        parts.append(f"COLLATE {domain.collation}")
    if domain.default is not None:
        parts.append(f"DEFAULT {objects.local(domain.default)}")
    if not domain.nullable:
        parts.append("NOT NULL")
    parts += [
        f"CONSTRAINT {objects.quote(name)} {objects.local(check)}" for name, check in domain.checks
    ]
    return " ".join(parts)
