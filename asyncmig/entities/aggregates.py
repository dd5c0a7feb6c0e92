"""Aggregate functions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from asyncmig.entities.declared import DeclaredEntity
from asyncmig.sql.quoting import literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Aggregate"]


@dataclass(frozen=True)
class Aggregate(DeclaredEntity):
    """An aggregate function; the options are those of ``CREATE AGGREGATE``.

    Args:
        name: of the function.
        arguments: their types, with names or without; ``*`` for none.
        sfunc: the function called for each row.
        stype: the type of its state.
        schema: None for the default one.
        finalfunc: computes the result from the state.
        combinefunc: combines two states.
        initcond: the state before the first row, as text.
        sortop: the sort operator of a minimum or maximum: ``<``.
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

    def _create(self) -> Iterator[str]:
        options: dict[str, object] = {
            "sfunc": self.sfunc,
            "stype": self.stype,
            "finalfunc": self.finalfunc,
            "combinefunc": self.combinefunc,
            "initcond": None if self.initcond is None else literal(self.initcond),
            "sortop": self.sortop,
            "parallel": self.parallel,
            **self.options,
        }
        written = ", ".join(
            name if value is True else f"{name} = {value}"
            for name, value in options.items()
            if value is not None and value is not False
        )
        yield f"CREATE AGGREGATE {self._label()} ({written})"

    def _label(self) -> str:
        return f"{qualified(self.schema, self.name)}({self.arguments})"
