"""Match the constraints and indexes of two tables: kept, renamed, new or gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from asyncmig.diff.schema_items.printed_sql import without_text_casts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

    from asyncmig.catalog.model import Constraint, Index

__all__ = ["Matching", "constraint_meaning", "index_meaning", "match", "meanings"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching(Generic[T]):
    """The result; pairs are (before, after)."""

    gone: tuple[T, ...]
    new: tuple[T, ...]
    kept: tuple[tuple[T, T], ...]
    renamed: tuple[tuple[T, T], ...]


def match(
    before: Mapping[str, T],
    after: Mapping[str, T],
    meaning: Callable[[T], Hashable],
    must_drop: Callable[[T], bool],
) -> Matching[T]:
    """Match by name, and the rest by meaning.

    Args:
        before: items by name.
        after: items by name.
        meaning: returns equal values for items that differ only in their names.
        must_drop: True for an item of ``before`` that cannot be kept even if it does not change.
    """
    kept: list[tuple[T, T]] = []
    gone: list[T] = []
    for name, item in before.items():
        same = after.get(name)
        if (
            same is not None
            and (same == item or meaning(same) == meaning(item))
            and not must_drop(item)
        ):
            kept.append((item, same))
        else:
            gone.append(item)
    taken = {id(same) for _, same in kept}
    new = [item for item in after.values() if id(item) not in taken]
    renamed: list[tuple[T, T]] = []
    for item in list(new):
        if _name(item) in before:
            continue
        old = next(
            (
                candidate
                for candidate in gone
                if meaning(candidate) == meaning(item)
                and _name(candidate) not in after
                and not must_drop(candidate)
            ),
            None,
        )
        if old is not None:
            gone.remove(old)
            new.remove(item)
            renamed.append((old, item))
    return Matching(gone=tuple(gone), new=tuple(new), kept=tuple(kept), renamed=tuple(renamed))


def _name(item: Any) -> str:
    return str(item.name)


def meanings(
    columns: Collection[str],
) -> tuple[Callable[[Constraint], Hashable], Callable[[Index], Hashable]]:
    """The meanings of constraints and indexes, for columns that change between ``text`` and ``varchar``.

    PostgreSQL adapts casts to text in their expressions to the new type; nothing else changes.
    """
    if not columns:
        return constraint_meaning, index_meaning

    def of_constraint(item: Constraint) -> Hashable:
        definition = without_text_casts(item.definition, columns)
        expression = item.expression and without_text_casts(item.expression, columns)
        return constraint_meaning(replace(item, definition=definition, expression=expression))

    def of_index(item: Index) -> Hashable:
        return (item.unique, without_text_casts(item.body, columns), item.valid)

    return of_constraint, of_index


def constraint_meaning(item: Constraint) -> Hashable:
    """Everything except the name, the comment, the storage of the index, and NOT VALID."""
    return replace(
        item,
        name="",
        comment=None,
        validated=True,
        named=True,
        reference=None,
        parameters=(),
        tablespace=None,
    )


def index_meaning(item: Index) -> Hashable:
    """Everything except the name, the comment and the storage."""
    return (item.unique, item.body, item.valid)
