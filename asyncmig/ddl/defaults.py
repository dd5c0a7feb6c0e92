"""Python-side defaults of columns, for statements that leave those columns out.

SQLAlchemy evaluates them when it executes an INSERT or UPDATE. Statements are only compiled here, so
the defaults are added to their values first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import ColumnDefault
from sqlalchemy.sql.dml import Insert, ValuesBase

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import Column
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["add_python_defaults", "python_default"]


class _Row:
    """The context of a default function: the parameters of its row."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.current_parameters = parameters

    def get_current_parameters(self, isolate_multiinsert_groups: bool = True) -> dict[str, Any]:
        """The row's values by column key."""
        del isolate_multiinsert_groups  # there is always one row
        return self.current_parameters


def python_default(default: Any, row: dict[str, Any]) -> Any:
    """The value of a Python-side default for one row, whose other values are given by key."""
    return default.arg(_Row(row)) if default.is_callable else default.arg


def is_python_side(default: Any) -> bool:
    """True for a default that SQLAlchemy computes before it sends the statement."""
    return isinstance(default, ColumnDefault) and not default.is_clause_element


def add_python_defaults(construct: ValuesBase, dialect: Dialect) -> ValuesBase:
    """The statement with values for the columns that have a default.

    RETURNING, which SQLAlchemy adds for the key of the new row, is removed.
    """
    if isinstance(construct, Insert):
        construct = construct.inline()
    compiled: SQLCompiler = construct.compile(dialect=dialect, column_keys=[])
    is_insert = isinstance(construct, Insert)
    prefetched = compiled.insert_prefetch if is_insert else compiled.update_prefetch
    # with several rows, each has a copy of the column
    columns: list[Column[Any]] = list(
        dict.fromkeys(getattr(column, "original", column) for column in prefetched)
    )
    if not columns:
        return construct
    multi: Any = construct._multi_values  # noqa: SLF001 - rows are given back nowhere else
    if is_insert and multi:
        rows: list[dict[str, Any]] = [
            {str(getattr(key, "key", key)): value for key, value in row.items()}
            for group in multi
            for row in group
        ]
        for row in rows:
            for column in columns:
                row.setdefault(column.key, python_default(column.default, row))
        complete = construct._generate()  # noqa: SLF001 - the copy that every .values() makes
        complete.__dict__["_multi_values"] = (rows,)
        return complete
    row = dict(compiled.params)
    for column in columns:
        default = column.default if is_insert else column.onupdate
        row[column.key] = python_default(default, row)
    return construct.values({column: row[column.key] for column in columns})
