"""``CompiledSql``, one statement of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["CompiledSql"]


@dataclass(frozen=True, slots=True)
class CompiledSql:
    """SQL text, complete: every value is a literal in it.

    Attributes:
        sql: without a closing semicolon.
        parameters: the values that became literals, in order.
        line: number of lines before it in the raw SQL string.
        autocommit: True if the script runs it outside of a transaction; None if its text decides.
        copy_data: for ``COPY ... FROM STDIN``, the lines that follow it.
        backfill: the definition, where it is run in batches.
    """

    sql: str
    parameters: tuple[object, ...] = ()
    line: int = 0
    autocommit: bool | None = None
    copy_data: str | None = None
    backfill: Backfill | None = None
