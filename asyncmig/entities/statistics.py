"""Extended statistics."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Statistics"]


@dataclass(frozen=True)
class Statistics:
    """Extended statistics of a table, by which queries are planned.

    Args:
        name: of the statistics.
        table: whose they are.
        keys: columns or, in parentheses, expressions.
        schema: of both.
        kinds: ``ndistinct``, ``dependencies``, ``mcv``; all of them when none is said.
        target: how much is sampled; None for the default.
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

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        place = qualified(self.schema, self.name)
        kinds = f" ({', '.join(self.kinds)})" if self.kinds else ""
        keys = ", ".join(key if key.startswith("(") else qualified(None, key) for key in self.keys)
        create = (
            f"CREATE STATISTICS {place}{kinds} ON {keys} FROM {qualified(self.schema, self.table)}"
        )
        operations: list[MigrateOperation] = [ExecuteSQLOp(create.replace("\\:", "\\\\:"))]
        if self.target is not None:
            operations.append(
                ExecuteSQLOp(f"ALTER STATISTICS {place} SET STATISTICS {self.target}")
            )
        return compiled([*operations, *comment_on("STATISTICS", place, self.comment)])
