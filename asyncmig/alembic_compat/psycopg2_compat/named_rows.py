"""Rows whose values have names, for the classes of cursors of ``psycopg2.extras``."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["row_maker"]


def row_maker(factory: str, names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of its values.

    Args:
        factory: the name of the class; for one that is not known rows are tuples.
        names: of the columns.
    """
    match factory:
        case "RealDictCursor":
            return lambda values: dict(zip(names, values, strict=True))
        case "DictCursor":
            return lambda values: _NamedRow(names, values)
        case "NamedTupleCursor":
            row = namedtuple("Record", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the names are the query's
            return row._make
        case _:
            return tuple


class _NamedRow(list[Any]):
    """A list whose items have names too."""

    def __init__(self, names: Sequence[str], values: Iterable[Any]) -> None:
        super().__init__(values)
        self._index = {name: number for number, name in enumerate(names)}

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self._index[key] if isinstance(key, str) else key)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._index[key] if isinstance(key, str) else key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._index

    def keys(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._index)

    def values(self) -> Iterator[Any]:
        """The values."""
        return iter(self)

    def items(self) -> Iterator[tuple[str, Any]]:
        """The names with their values."""
        return zip(self._index, self, strict=True)

    def get(self, key: str, default: Any = None) -> Any:
        """A value by its name."""
        return self[key] if key in self._index else default
