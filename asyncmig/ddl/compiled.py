"""One statement that an operation became."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CompiledSql"]


@dataclass(frozen=True, slots=True)
class CompiledSql:
    """SQL text, complete: every value is a literal in it.

    Attributes:
        sql: without a closing semicolon.
        parameters: the values that became literals, in order.
        line: how many lines below the beginning of a raw SQL string it begins.
        autocommit: True when it was asked to run outside of a transaction; None when nobody asked,
            and its text decides.
        copy_data: for ``COPY ... FROM STDIN``, the lines that follow it.
    """

    sql: str
    parameters: tuple[object, ...] = ()
    line: int = 0
    autocommit: bool | None = None
    copy_data: str | None = None
