"""Rows: ``bulk_insert``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from sqlalchemy.schema import Table
    from sqlalchemy.sql.selectable import TableClause

__all__ = ["BulkInsertOp", "DataDirectives"]


@dataclass(eq=False, repr=False)
class BulkInsertOp(MigrateOperation, directive="bulk_insert"):
    """``INSERT`` of many rows."""

    table: Table | TableClause
    rows: list[dict[str, Any]]
    _: KW_ONLY
    multiinsert: bool = True


class DataDirectives(Directives):
    """Directives for rows."""

    def bulk_insert(
        self, table: Table | TableClause, rows: list[dict[str, Any]], *, multiinsert: bool = True
    ) -> None:
        """Insert rows. ROW EXCLUSIVE.

        Columns that the first row does not name take their Python-side default, else that of the server.

        Args:
            table: what ``create_table`` returned, or ``sa.table("book", sa.column("title"))``.
            rows: a dictionary of column keys a row; values may be SQL expressions. As in SQLAlchemy's
                executemany the first row names the columns: each other row needs its keys, and further
                keys are ignored, as are keys that the table does not have.
            multiinsert: False gives each row a statement and keys of its own.

        Raises:
            TypeError: the rows are no list of dictionaries.
            DirectiveError: a row lacks a key of the first; without ``multiinsert``, a key that the table
                does not have.

        Example::

            op.bulk_insert(book, [{"title": "Momo", "pages": 304}, {"title": "Emil", "pages": 176}])
        """
        self.invoke(BulkInsertOp(table, rows, multiinsert=multiinsert))
