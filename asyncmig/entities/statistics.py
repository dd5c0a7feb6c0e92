"""Extended statistics."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

from asyncmig.entities.declared import DeclaredEntity
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Statistics"]


@dataclass(frozen=True)
class Statistics(DeclaredEntity):
    """Extended statistics of a table, for the query planner.

    Args:
        name: of the statistics.
        table: the table.
        keys: columns or, in parentheses, expressions.
        schema: of both.
        kinds: ``ndistinct``, ``dependencies``, ``mcv``; empty for all of them.
        target: the statistics target; None for the default.
        comment: of the statistics.

    Example::

        Statistics("place", "address", ["city", "zip"], kinds=["dependencies"])
    """

    kind: ClassVar[str] = "statistics"
    name: str
    table: str
    keys: Sequence[str]
    _: KW_ONLY
    schema: str | None = None
    kinds: Sequence[str] = ()
    target: int | None = None
    comment: str | None = None

    def _create(self) -> Iterator[str]:
        name = qualified(self.schema, self.name)
        kinds = f" ({', '.join(self.kinds)})" if self.kinds else ""
        keys = ", ".join(key if key.startswith("(") else identifier(key) for key in self.keys)
        yield f"CREATE STATISTICS {name}{kinds} ON {keys} FROM {qualified(self.schema, self.table)}"
        if self.target is not None:
            yield f"ALTER STATISTICS {name} SET STATISTICS {self.target}"
