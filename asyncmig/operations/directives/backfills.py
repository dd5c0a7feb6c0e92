"""Changes of many rows in batches: ``backfill``, ``backfill_with``, ``require_backfill``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.sql.backfills.definition import FINISH_ROWS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeAlias

    from sqlalchemy.schema import Table
    from sqlalchemy.sql.elements import ColumnElement
    from sqlalchemy.sql.selectable import TableClause

    from asyncmig.sql.backfills.definition import OnError, RowOrder

    Rows: TypeAlias = Sequence[Mapping[str, Any]]
    NewValues: TypeAlias = Sequence[Mapping[str, Any] | None]

__all__ = ["BackfillDirectives", "BackfillOp", "BackfillWithOp", "RequireBackfillOp"]


@dataclass(eq=False, repr=False)
class BackfillOp(MigrateOperation, directive="backfill"):
    """A change of many rows, a transaction for each batch."""

    table: str | Table | TableClause
    values: Mapping[str, Any] | None = None
    _: KW_ONLY
    where: str | ColumnElement[bool] | None = None
    name: str | None = None
    from_: str | Table | TableClause | None = None
    on: str | ColumnElement[bool] | None = None
    delete: bool = False
    into: str | Table | TableClause | None = None
    schema: str | None = None
    key: Sequence[str] = ()
    by: RowOrder = "key"
    deferred: bool = False
    on_error: OnError = "stop"
    batch_size: int | None = None


@dataclass(eq=False, repr=False)
class BackfillWithOp(MigrateOperation, directive="backfill_with"):
    """A change of many rows by a Python function, a transaction for each batch."""

    function: Callable[..., Any]
    table: str | Table | TableClause
    _: KW_ONLY
    columns: Sequence[str]
    where: str | ColumnElement[bool] | None = None
    name: str | None = None
    schema: str | None = None
    key: Sequence[str] = ()
    by: RowOrder = "key"
    deferred: bool = False
    on_error: OnError = "stop"
    batch_size: int | None = None


@dataclass(eq=False, repr=False)
class RequireBackfillOp(MigrateOperation, directive="require_backfill"):
    """A check that a deferred backfill is done."""

    name: str
    _: KW_ONLY
    finish_rows: int = FINISH_ROWS


class BackfillDirectives(Directives):
    """Directives for changes of many rows."""

    def backfill(
        self,
        table: str | Table | TableClause,
        values: Mapping[str, Any] | None = None,
        *,
        where: str | ColumnElement[bool] | None = None,
        name: str | None = None,
        from_: str | Table | TableClause | None = None,
        on: str | ColumnElement[bool] | None = None,
        delete: bool = False,
        into: str | Table | TableClause | None = None,
        schema: str | None = None,
        key: Sequence[str] = (),
        by: RowOrder = "key",
        deferred: bool = False,
        on_error: OnError = "stop",
        batch_size: int | None = None,
    ) -> None:
        """Change many rows in batches: a phase with a transaction for each batch. ROW EXCLUSIVE.

        The batches follow the primary key, or else a unique index of NOT NULL columns. The position is
        committed with each batch: a run that is interrupted continues there, and changes no row twice.
        The size of the batches follows ``backfill_batch_time``.

        Args:
            table: its name, or a table of SQLAlchemy.
            values: the new value of each column: SQL text, or an expression of SQLAlchemy. With ``into``,
                the columns of that table and the expressions to insert.
            where: which rows, as SQL text or an expression. It should be false for a row that is changed:
                then rows that the application adds or moves meanwhile are found at the end.
            name: of the job; ``<table>_<columns>`` where there is none. It is unique in a database.
            from_: further tables that ``values`` and ``where`` use, as in ``UPDATE ... FROM``.
            on: how they join the table.
            delete: delete the rows.
            into: insert the values into this table; a row that is there already is left as it is.
            schema: of the table.
            key: columns of an index that the batches follow, where it is not the primary key.
            by: ``ctid`` follows the blocks of the table, for one without a key; it needs ``where``.
            deferred: ``upgrade`` records the job, and ``asyncmig backfill run`` does it.
            on_error: ``record`` keeps the key of a row that the server refuses, and passes over it.
            batch_size: rows of the first batch.

        Raises:
            DirectiveError: the arguments do not fit together.

        Example::

            op.backfill("users", {"email_lower": "lower(email)"}, where="email_lower IS NULL")
            op.backfill("orders", {"city": "c.city"}, from_="customers AS c", on="c.id = customer_id")
            op.backfill("events", delete=True, where="created_at < '2020-01-01'")
        """
        self.invoke(
            BackfillOp(
                table,
                values,
                where=where,
                name=name,
                from_=from_,
                on=on,
                delete=delete,
                into=into,
                schema=schema,
                key=key,
                by=by,
                deferred=deferred,
                on_error=on_error,
                batch_size=batch_size,
            )
        )

    def backfill_with(
        self,
        function: Callable[[Rows], NewValues | Awaitable[NewValues]],
        table: str | Table | TableClause,
        *,
        columns: Sequence[str],
        where: str | ColumnElement[bool] | None = None,
        name: str | None = None,
        schema: str | None = None,
        key: Sequence[str] = (),
        by: RowOrder = "key",
        deferred: bool = False,
        on_error: OnError = "stop",
        batch_size: int | None = None,
    ) -> None:
        """Change many rows in batches, with values that a Python function computes. ROW EXCLUSIVE.

        The function gets the rows of a batch as mappings of ``columns``, and returns a list with a mapping
        of columns to new values for each row, or None for a row that stays as it is. They are written by one
        UPDATE. No lock is held while the function works: a row that another session changes meanwhile
        is read again, so the function may see a row more than once, and no change is lost.

        A coroutine function is awaited in the event loop; any other is called in a thread.

        Args:
            function: defined at the top level of the revision or of a module, where it is found again by its
                name when the backfill continues or is deferred.
            table: its name, or a table of SQLAlchemy.
            columns: what the function gets of each row.
            where: which rows; as of ``backfill``.
            name: of the job; ``<table>_<function>`` where there is none.
            schema: of the table.
            key: columns of an index that the batches follow, where it is not the primary key.
            by: ``ctid`` follows the blocks of the table, for one without a key; it needs ``where``.
            deferred: ``upgrade`` records the job, and ``asyncmig backfill run`` does it.
            on_error: ``record`` keeps the key of a row for which the function raises an error, or that the
                server refuses, and passes over it.
            batch_size: rows of the first batch.

        Raises:
            DirectiveError: the arguments do not fit together, or the function has no name to find it by.

        Example::

            def domains(rows):
                return [{"domain": row["email"].partition("@")[2]} for row in rows]

            op.backfill_with(domains, "users", columns=["email"], where="domain IS NULL")
        """
        self.invoke(
            BackfillWithOp(
                function,
                table,
                columns=columns,
                where=where,
                name=name,
                schema=schema,
                key=key,
                by=by,
                deferred=deferred,
                on_error=on_error,
                batch_size=batch_size,
            )
        )

    def require_backfill(self, name: str, *, finish_rows: int = FINISH_ROWS) -> None:
        """Require that a deferred backfill is done.

        A small rest is finished here. Where more is left, the revision stops with the figures, and
        ``asyncmig backfill run`` continues the job.

        Args:
            name: of the job.
            finish_rows: how many rows may be left.

        Raises:
            DirectiveError: the name is empty.

        Example::

            op.require_backfill("email_lower")
            op.alter_column("users", "email_lower", nullable=False)
        """
        self.invoke(RequireBackfillOp(name, finish_rows=finish_rows))
