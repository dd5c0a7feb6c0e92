"""Types and sequences that models have no more, and that PostgreSQL would not let go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Dependents
from asyncmig.diff.schema_items.printed_sql import printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Catalog, Domain, Enum, ObjectName, Sequence

__all__ = ["keep_used_types"]

T = TypeVar("T", "Enum", "Domain", "Sequence")


def keep_used_types(origin: Catalog, before: Catalog, after: Catalog) -> Catalog:
    """The models' catalog, with the types and sequences of the database that something else needs.

    That is a function or view that stays, a table that is not compared, or a column or default of the models
    that names them without declaring them. On both sides they are dropped neither on the way there nor
    created on the way back. To be asked when the renames are known.

    Args:
        origin: the database as it is, without what is not to be compared.
        before: the same after the renames.
        after: the models.
    """
    staying = _RetainedTypes(origin, before, after)
    while more := [name for name in staying.types() if staying.is_needed("type", name)]:
        types = staying.after
        staying.after = replace(
            types,
            enums=_with(types.enums, before.enums, more),
            domains=_with(types.domains, before.domains, more),
        )
    after = staying.after
    sequences = {
        name: _on_its_own(item, after)
        for name, item in before.sequences.items()
        if name not in after.sequences and staying.is_needed("relation", name)
    }
    return replace(after, sequences=_with(after.sequences, sequences, sequences))


class _RetainedTypes:
    def __init__(self, origin: Catalog, before: Catalog, after: Catalog) -> None:
        self._origin = origin
        self._before = before
        self.after = after

    def types(self) -> Iterator[ObjectName]:
        """Those that would be dropped."""
        before, after = self._before, self.after
        yield from (name for name in before.enums if name not in after.enums)
        yield from (name for name in before.domains if name not in after.domains)

    def is_needed(self, kind: str, name: ObjectName) -> bool:
        origin, need = self._origin, Need(kind, *name)
        holders = origin.dependents.get(need, Dependents())
        return bool(
            not holders.tables <= origin.tables.keys()
            or not holders.domains <= origin.domains.keys()
            or holders.users > self._leaving(need)
            or (self._is_in_type(name) if kind == "type" else self._is_in_default(name))
        )

    def _leaving(self, need: Need) -> int:
        """How many entities need it that go, or that need it no more."""
        stay = self.after.entities.by_key
        return sum(
            need in entity.needs and not (key in stay and need in stay[key].needs)
            for key, entity in self._before.entities.by_key.items()
        )

    def _is_in_type(self, name: ObjectName) -> bool:
        columns = (item for table in self.after.tables.values() for item in table.columns.values())
        bases = (item.type.removesuffix("[]") for item in self.after.domains.values())
        return any(item.type.name == name for item in columns) or _printed(name) in bases

    def _is_in_default(self, name: ObjectName) -> bool:
        constant = "'" + _printed(name).replace("'", "''") + "'::regclass"
        defaults = [item.default for item in self.after.domains.values()]
        for table in self.after.tables.values():
            defaults += [item.default for item in table.columns.values()]
        return any(constant in default for default in defaults if default)


def _printed(name: ObjectName) -> str:
    return ".".join(map(printed, name))


def _with(
    wanted: Mapping[ObjectName, T], there: Mapping[ObjectName, T], names: Iterable[ObjectName]
) -> dict[ObjectName, T]:
    found = {name: there[name] for name in names if name in there}
    return dict(sorted({**wanted, **found}.items()))


def _on_its_own(item: Sequence, after: Catalog) -> Sequence:
    """A sequence that does not go with its owner."""
    if item.owned_by is None:
        return item
    table, column = item.owned_by
    stays = table in after.tables and column in after.tables[table].columns
    return item if stays else replace(item, owned_by=None)
