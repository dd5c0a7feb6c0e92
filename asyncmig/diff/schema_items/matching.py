"""Which constraints and indexes of two tables are the same, which are new, gone or only renamed."""

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
    """The outcome; pairs are before and after."""

    gone: tuple[T, ...]
    new: tuple[T, ...]
    kept: tuple[tuple[T, T], ...]
    renamed: tuple[tuple[T, T], ...]


def match(
    before: Mapping[str, T],
    after: Mapping[str, T],
    meaning: Callable[[T], Hashable],
    must_go: Callable[[T], bool],
) -> Matching[T]:
    """Match by name, then what is left by meaning.

    Args:
        before: by name.
        after: by name.
        meaning: equal for two that differ in nothing but their names.
        must_go: true for one of ``before`` that cannot stay as it is, though nothing about it changes.
    """
    kept: list[tuple[T, T]] = []
    gone: list[T] = []
    for name, item in before.items():
        same = after.get(name)
        if (
            same is not None
            and (same == item or meaning(same) == meaning(item))
            and not must_go(item)
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
                and not must_go(candidate)
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
    """How constraints and indexes are compared where these columns change between ``text`` and ``varchar``.

    PostgreSQL writes their casts to text anew with the type, which changes nothing else.
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
    """All of a constraint but names, comment, how its index is stored, and whether old rows were checked."""
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
    """All of an index but its name."""
    return (item.unique, item.body, item.valid)
