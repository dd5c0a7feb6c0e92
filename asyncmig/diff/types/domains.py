"""Domains, as SQL: there is no directive for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.casts import convert_columns
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.default_names import default_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.entities import EntityKey
    from asyncmig.catalog.model import Catalog, Column, Domain
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "alter",
    "calling",
    "create_domain",
    "drop_domains",
    "drop_replaced",
    "replace_domain",
    "replaced_domains",
    "without_checks",
]

_NUMBERS = {"smallint", "integer", "bigint", "real", "double precision", "numeric"}


def calling(catalog: Catalog, routines: Collection[EntityKey]) -> frozenset[ObjectName]:
    """The domains whose default or CHECK calls one of these routines."""
    found = {
        (key.schema, key.name, key.detail)
        for key in routines
        if key.kind in {"function", "aggregate"}
    }
    needs = catalog.entities.table_needs
    return frozenset(
        name
        for name in catalog.domains
        if any(need.kind == "routine" and need[1:] in found for need in needs.get(name, ()))
    )


def without_checks(domain: Domain, like: Domain | None = None) -> Domain:
    """The domain without its default and CHECK constraints, except those that ``like`` has too."""
    kept = () if like is None else like.checks
    same = like is not None and like.default == domain.default
    return replace(
        domain,
        default=domain.default if same else None,
        checks=tuple(check for check in domain.checks if check in kept),
    )


def create_domain(domain: Domain, factory: SchemaItemFactory) -> ExecuteSQLOp:
    """CREATE DOMAIN."""
    return ExecuteSQLOp(_create(domain, factory))


def drop_domains(
    before: Catalog, after: Catalog, factory: SchemaItemFactory
) -> Iterator[ExecuteSQLOp]:
    """DROP DOMAIN for each domain that only ``before`` has."""
    for name in before.domains:
        if name not in after.domains:
            yield ExecuteSQLOp(f"DROP DOMAIN {factory.qualified(name)}")


def alter(existing: Domain, domain: Domain, factory: SchemaItemFactory) -> Iterator[ExecuteSQLOp]:
    """ALTER DOMAIN, for two domains of one base type."""
    statement = f"ALTER DOMAIN {factory.qualified(domain.name)}"
    old, new = dict(existing.checks), dict(domain.checks)
    for check, definition in old.items():
        if new.get(check) != definition:
            yield ExecuteSQLOp(f"{statement} DROP CONSTRAINT {factory.quote(check)}")
    if existing.default != domain.default:
        default = domain.default
        change = "DROP DEFAULT" if default is None else f"SET DEFAULT {factory.local(default)}"
        yield ExecuteSQLOp(f"{statement} {change}")
    for change in _not_null(existing, domain, factory):
        yield ExecuteSQLOp(f"{statement} {change}")
    for check, definition in new.items():
        if old.get(check) != definition:
            yield ExecuteSQLOp(
                f"{statement} ADD CONSTRAINT {factory.quote(check)} {factory.local(definition)}"
            )


def _not_null(before: Domain, after: Domain, factory: SchemaItemFactory) -> Iterator[str]:
    if after.nullable:
        if not before.nullable:
            yield "DROP NOT NULL"
    elif before.nullable:
        name = after.not_null_name
        yield "SET NOT NULL" if name is None else f"ADD CONSTRAINT {factory.quote(name)} NOT NULL"
    elif before.not_null_name != after.not_null_name:
        default = _default_not_null_name(after)
        names = (before.not_null_name or default, after.not_null_name or default)
        yield "RENAME CONSTRAINT {} TO {}".format(*map(factory.quote, names))


def replaced_domains(
    before: Catalog, after: Catalog, types: Collection[ObjectName]
) -> list[ObjectName]:
    """The domains that PostgreSQL cannot alter, each after those that it is based on.

    The base type or its collation differs, or the base type is one of ``types``, which are replaced, or
    another domain that is replaced.
    """
    kept = [name for name in before.domains if name in after.domains]
    bases = {str(name) for name in types}
    found: list[ObjectName] = []
    while True:
        more = [
            name
            for name in kept
            if name not in found
            and (
                _base(before.domains[name]) != _base(after.domains[name])
                or _element(before.domains[name]) in bases
            )
        ]
        if not more:
            return found
        found += more
        bases |= {str(name) for name in more}


def _base(domain: Domain) -> tuple[str, str | None]:
    return domain.type, domain.collation


def _element(domain: Domain) -> str:
    return domain.type.replace('"', "").removesuffix("[]").partition("(")[0]


def replace_domain(
    before: Domain,
    after: Domain,
    old: SchemaItemFactory,
    new: SchemaItemFactory,
    temporary_name: str,
) -> Iterator[MigrateOperation]:
    """Rename the old domain to ``temporary_name``, create the new one, and convert the columns."""
    yield ExecuteSQLOp(
        f"ALTER DOMAIN {new.qualified(after.name)} RENAME TO {new.quote(temporary_name)}"
    )
    if not after.nullable and after.not_null_name is None:
        # the old domain has the default name, so that PostgreSQL would choose another one
        after = replace(after, not_null_name=_default_not_null_name(after))
    yield ExecuteSQLOp(_create(after, new))
    yield from convert_columns(
        {before.name}, old, new, lambda _, wanted: _using(before, after, wanted, new)
    )


def _using(before: Domain, after: Domain, column: Column, new: SchemaItemFactory) -> str:
    through = ""  # numbers are rounded, everything else is converted through text
    if not {_element(before), _element(after)} <= _NUMBERS:
        through = "::text[]" if column.type.array else "::text"
    return f"{new.quote(column.name)}{through}::{new.local(column.type.text)}"


def _default_not_null_name(domain: Domain) -> str:
    return default_name(domain.name.name, "", "not_null")


def drop_replaced(before: Domain, old: SchemaItemFactory, temporary_name: str) -> ExecuteSQLOp:
    """DROP DOMAIN of the old domain, which nothing uses any more."""
    return ExecuteSQLOp(f"DROP DOMAIN {old.qualified(before.name._replace(name=temporary_name))}")


def _create(domain: Domain, factory: SchemaItemFactory) -> str:
    parts = [f"CREATE DOMAIN {factory.qualified(domain.name)} AS {factory.local(domain.type)}"]
    if domain.collation is not None:
        parts.append(f"COLLATE {domain.collation}")
    if domain.default is not None:
        parts.append(f"DEFAULT {factory.local(domain.default)}")
    if not domain.nullable:
        name = domain.not_null_name
        parts.append("NOT NULL" if name is None else f"CONSTRAINT {factory.quote(name)} NOT NULL")
    parts += [
        f"CONSTRAINT {factory.quote(name)} {factory.local(check)}" for name, check in domain.checks
    ]
    return " ".join(parts)
