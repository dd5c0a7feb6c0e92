"""Possible renames: pairs of a removed and an added object that are similar.

Only a person can decide whether it was a rename. Constraints and indexes are not among them: if only the name
differs, they are renamed without a question, because no data can be lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from asyncmig.diff.schema_items.inheritance import defining_table
from asyncmig.diff.schema_items.rename import Rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Catalog, Column, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.schema_items.rename import Kind

__all__ = ["Candidate", "candidates"]

_SHARED_COLUMNS = 0.5
_MAX_PER_OBJECT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible rename; ``likeness`` is between 0 and 1."""

    rename: Rename
    likeness: float


def candidates(before: Catalog, after: Catalog) -> list[Candidate]:
    """Return the possible renames: types, tables, sequences; then their labels and columns.

    For each removed object at most the three most similar ones, the most similar first.

    Args:
        before: the database.
        after: the models.
    """
    return [
        *_enums(before, after),
        *_tables(before, after),
        *_sequences(before, after),
        *_labels(before, after),
        *_columns(before, after),
    ]


def _ranked(found: Iterable[Candidate]) -> list[Candidate]:
    best: dict[tuple[Any, ...], list[Candidate]] = {}
    for item in sorted(found, key=lambda item: (-item.likeness, item.rename.new)):
        rename = item.rename
        best.setdefault((rename.schema, rename.parent, rename.old), []).append(item)
    kept = [item for items in best.values() for item in items[:_MAX_PER_OBJECT]]
    return sorted(kept, key=lambda item: (-item.likeness, item.rename.old, item.rename.new))


def _name_likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, old, new).ratio()


def _gone_and_new(
    before: Mapping[ObjectName, Any], after: Mapping[ObjectName, Any]
) -> Iterator[tuple[ObjectName, ObjectName]]:
    """Pairs of objects in one schema that only one of the sides has."""
    new: dict[str, list[ObjectName]] = {}
    for name in after:
        if name not in before:
            new.setdefault(name.schema, []).append(name)
    for name in before:
        if name not in after:
            for other in new.get(name.schema, ()):
                yield name, other


def _pair(kind: Kind, old: ObjectName, new: ObjectName, likeness: float) -> Candidate:
    rename = Rename(kind=kind, schema=old.schema, old=old.name, new=new.name)
    return Candidate(rename=rename, likeness=likeness)


# tables and types


def _tables(before: Catalog, after: Catalog) -> list[Candidate]:
    pairs = _gone_and_new(before.tables, after.tables)
    scored = ((old, new, _shared(before.tables[old], after.tables[new])) for old, new in pairs)
    return _ranked(
        _pair("table", old, new, (3 * share + _name_likeness(old.name, new.name)) / 4)
        for old, new, share in scored
        if share >= _SHARED_COLUMNS
    )


def _shared(old: Table, new: Table) -> float:
    """The share of the columns of the wider table that both have, by name and type, from 0 to 1."""
    if (old.partition_key is None) != (new.partition_key is None):
        return 0.0
    before = {(column.name, column.type.text) for column in old.columns.values()}
    after = {(column.name, column.type.text) for column in new.columns.values()}
    most = max(len(before), len(after))
    return len(before & after) / most if most else 1.0


def _enums(before: Catalog, after: Catalog) -> list[Candidate]:
    return _ranked(
        _pair("enum", old, new, (1 + _name_likeness(old.name, new.name)) / 2)
        for old, new in _gone_and_new(before.enums, after.enums)
        if before.enums[old].labels == after.enums[new].labels
    )


def _sequences(before: Catalog, after: Catalog) -> list[Candidate]:
    return _ranked(
        _pair("sequence", old, new, (1 + _name_likeness(old.name, new.name)) / 2)
        for old, new in _gone_and_new(before.sequences, after.sequences)
        if before.sequences[old].options == after.sequences[new].options
    )


# labels and columns of types and tables on both sides


def _labels(before: Catalog, after: Catalog) -> list[Candidate]:
    found: list[Candidate] = []
    for name, enum in before.enums.items():
        wanted = after.enums.get(name)
        if wanted is None:
            continue
        matcher = SequenceMatcher(None, enum.labels, wanted.labels, autojunk=False)
        for tag, start, end, other, last in matcher.get_opcodes():
            if tag != "replace" or end - start != last - other:
                continue
            # labels at the same position, between the same neighbours
            pairs = zip(enum.labels[start:end], wanted.labels[other:last], strict=True)
            found += [
                Candidate(
                    rename=Rename(
                        kind="enum_value", schema=name.schema, parent=name.name, old=old, new=new
                    ),
                    likeness=(1 + _name_likeness(old, new)) / 2,
                )
                for old, new in pairs
                if old not in wanted.labels and new not in enum.labels
            ]
    return found


def _columns(before: Catalog, after: Catalog) -> list[Candidate]:
    found: list[Candidate] = []
    for name, table in before.tables.items():
        wanted = after.tables.get(name)
        if wanted is None:
            continue
        gone = [
            column
            for key, column in table.columns.items()
            # the rename of the parent's column includes it
            if key not in wanted.columns and defining_table(before, name, key) == name
        ]
        new = [column for key, column in wanted.columns.items() if key not in table.columns]
        found += _ranked(
            Candidate(
                rename=Rename(
                    kind="column",
                    schema=name.schema,
                    parent=name.name,
                    old=column.name,
                    new=other.name,
                ),
                likeness=_column_likeness(column, other),
            )
            for column in gone
            for other in new
            if _is_similar(column, other)
        )
    return found


def _is_similar(old: Column, new: Column) -> bool:
    same_kind = (old.identity is None, old.generated is None, old.serial) == (
        new.identity is None,
        new.generated is None,
        new.serial,
    )
    return old.type == new.type and same_kind


def _column_likeness(old: Column, new: Column) -> float:
    """Half of it is the similarity of the names, the rest are properties other than the type."""
    same = (
        old.nullable == new.nullable,
        old.default == new.default,
        old.comment == new.comment,
    )
    return (3 * _name_likeness(old.name, new.name) + sum(same)) / 6
