"""Aggregate functions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Aggregate"]


@dataclass(frozen=True)
class Aggregate:
    """An aggregate function; the words are those of ``CREATE AGGREGATE``.

    Args:
        name: of the function.
        arguments: their types, with names or without; ``*`` for none.
        sfunc: the function called for each row.
        stype: the type of the state that it carries on.
        schema: None for the default one.
        finalfunc: makes the result of the state.
        combinefunc: joins two states.
        initcond: the state before the first row, as text.
        sortop: an operator, for what is a minimum or maximum: ``<``.
        parallel: whether it may be called in parallel queries.
        options: others by name, True for those without a value: ``{"sspace": 64, "finalfunc_extra": True}``.
        comment: of the function.

    Example::

        Aggregate("product", "numeric", "numeric_mul", "numeric", initcond="1")
    """

    kind: ClassVar[str] = "aggregate"
    name: str
    arguments: str
    sfunc: str
    stype: str
    _: KW_ONLY
    schema: str | None = None
    finalfunc: str | None = None
    combinefunc: str | None = None
    initcond: str | None = None
    sortop: str | None = None
    parallel: Literal["unsafe", "restricted", "safe"] = "unsafe"
    options: Mapping[str, object] = field(default_factory=dict)
    comment: str | None = None

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        said: dict[str, object] = {
            "sfunc": self.sfunc,
            "stype": self.stype,
            "finalfunc": self.finalfunc,
            "combinefunc": self.combinefunc,
            "initcond": None if self.initcond is None else _literal(self.initcond),
            "sortop": self.sortop,
            "parallel": self.parallel,
            **self.options,
        }
        inside = ", ".join(
            name if value is True else f"{name} = {value}"
            for name, value in said.items()
            if value is not None and value is not False
        )
        place = f"{qualified(self.schema, self.name)}({self.arguments})"
        create = ExecuteSQLOp(f"CREATE AGGREGATE {place} ({inside})".replace("\\:", "\\\\:"))
        return compiled([create, *comment_on("AGGREGATE", place, self.comment)])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
