"""Keeps types and sequences that the models no longer have, but that something else depends on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Dependents
from asyncmig.diff.schema_items.printed_sql import printed
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Catalog, Domain, Enum, Sequence
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.normalize.sides import Rules, Sides

__all__ = ["keep_used_types"]

T = TypeVar("T", "Enum", "Domain", "Sequence")


def keep_used_types(sides: Sides, rules: Rules) -> Sides:  # noqa: ARG001 - a pass
    """Add types and sequences of the database to the models' catalog that something else depends on.

    This is a function or view that is kept, a table that is not compared, or a column or default of the
    models that uses them without declaring them. They are not dropped by the upgrade, nor created by the
    downgrade. Runs after the renames.
    """
    retained = _RetainedTypes(sides)
    actual = sides.actual
    while more := [name for name in retained.types() if retained.is_needed("type", name)]:
        wanted = retained.wanted
        retained.wanted = replace(
            wanted,
            enums=_with(wanted.enums, actual.enums, more),
            domains=_with(wanted.domains, actual.domains, more),
        )
    wanted = retained.wanted
    sequences = {
        name: _without_lost_owner(item, wanted)
        for name, item in actual.sequences.items()
        if name not in wanted.sequences and retained.is_needed("relation", name)
    }
    return sides.with_wanted(
        replace(wanted, sequences=_with(wanted.sequences, sequences, sequences))
    )


class _RetainedTypes:
    """The catalog to reach, and what of the database something in it or elsewhere depends on."""

    def __init__(self, sides: Sides) -> None:
        self._origin = sides.origin
        self._before = sides.actual
        self.wanted = sides.wanted

    def types(self) -> Iterator[ObjectName]:
        """The types that would be dropped."""
        before, wanted = self._before, self.wanted
        yield from (name for name in before.enums if name not in wanted.enums)
        yield from (name for name in before.domains if name not in wanted.domains)

    def is_needed(self, kind: str, name: ObjectName) -> bool:
        origin, need = self._origin, Need(kind, *name)
        holders = origin.dependents.get(need, Dependents())
        return bool(
            not holders.tables <= origin.tables.keys()
            or not holders.domains <= origin.domains.keys()
            or holders.users > self._dropped_users(need)
            or (self._is_in_type(name) if kind == "type" else self._is_in_default(name))
        )

    def _dropped_users(self, need: Need) -> int:
        """The number of entities that depend on it, and that are dropped or no longer depend on it."""
        kept = self.wanted.entities.by_key
        return sum(
            need in entity.needs and not (key in kept and need in kept[key].needs)
            for key, entity in self._before.entities.by_key.items()
        )

    def _is_in_type(self, name: ObjectName) -> bool:
        columns = (item for table in self.wanted.tables.values() for item in table.columns.values())
        bases = (item.type.removesuffix("[]") for item in self.wanted.domains.values())
        return any(item.type.name == name for item in columns) or _printed(name) in bases

    def _is_in_default(self, name: ObjectName) -> bool:
        constant = f"{literal(_printed(name))}::regclass"
        defaults = [item.default for item in self.wanted.domains.values()]
        for table in self.wanted.tables.values():
            defaults += [item.default for item in table.columns.values()]
        return any(constant in default for default in defaults if default)


def _printed(name: ObjectName) -> str:
    return ".".join(map(printed, name))


def _with(
    wanted: Mapping[ObjectName, T], existing: Mapping[ObjectName, T], names: Iterable[ObjectName]
) -> dict[ObjectName, T]:
    found = {name: existing[name] for name in names if name in existing}
    return dict(sorted({**wanted, **found}.items()))


def _without_lost_owner(item: Sequence, after: Catalog) -> Sequence:
    """The sequence, without an owner that is dropped."""
    if item.owned_by is None:
        return item
    table, column = item.owned_by
    stays = table in after.tables and column in after.tables[table].columns
    return item if stays else replace(item, owned_by=None)
