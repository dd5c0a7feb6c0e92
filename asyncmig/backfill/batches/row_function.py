"""The Python function of ``op.backfill_with``: it is called with rows, and its values become SQL."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio.to_thread
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.types import NullType

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.ddl.literal import typed_literal
from asyncmig.errors import BackfillError
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy.types import TypeEngine

__all__ = ["RowFunction", "RowFunctionError", "values_sql"]

Values: TypeAlias = "Mapping[str, Any] | None"

_DIALECT = MigrationDialect()
_UNKNOWN = NullType()
_TYPES: dict[str, TypeEngine[Any]] = {"json": JSON(), "jsonb": JSONB()}


class RowFunctionError(Exception):
    """The function, or the conversion of its values, raised ``__cause__``."""


class RowFunction:
    """The function of a backfill.

    Args:
        backfill: the name, for errors.
        name: of the function, for errors.
        function: it; a function that is not a coroutine function is called in a thread.
        context: makes a context manager that is active while it works.
    """

    def __init__(
        self,
        backfill: str,
        name: str,
        function: Callable[..., Any],
        context: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._backfill = backfill
        self._name = name
        self._function = function
        self._context = context

    async def __call__(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Values, ...]:
        """The new values of each row, in the order of the rows.

        Raises:
            RowFunctionError: the function raised an error.
            BackfillError: it gave something else than values for each row.
        """
        try:
            with self._context():
                answer = await self._call(rows)
        except Exception as error:
            raise RowFunctionError(
                f"{self._name} raised {type(error).__name__}: {error}"
            ) from error
        return self._checked(answer, len(rows))

    async def _call(self, rows: Sequence[Mapping[str, Any]]) -> object:
        if inspect.iscoroutinefunction(self._function):
            return await self._function(rows)
        answer = await anyio.to_thread.run_sync(self._function, rows)
        return await answer if inspect.isawaitable(answer) else answer

    def _checked(self, answer: object, count: int) -> tuple[Values, ...]:
        if not isinstance(answer, Sequence) or isinstance(answer, str | bytes):
            raise self._refused(f"gave {type(answer).__name__} for {count} rows")
        if len(answer) != count:
            raise self._refused(f"gave {len(answer)} values for {count} rows")
        columns: set[str] | None = None
        for number, values in enumerate(answer):
            if values is None:
                continue
            if not isinstance(values, Mapping) or not values:
                raise self._refused(f"gave {values!r:.60} for row {number}")
            if columns is None:
                columns = set(values)
            elif columns != set(values):
                raise self._refused(
                    f"gave {', '.join(sorted(columns))} for some rows and"
                    f" {', '.join(sorted(map(str, values)))} for row {number}"
                )
        return tuple(answer)

    def _refused(self, what: str) -> BackfillError:
        return BackfillError(
            f"backfill {self._backfill}: the function {self._name} {what}",
            hint="return a list with a mapping of columns to values for each row, in the order of the rows;"
            " all mappings have the same columns, and None leaves a row as it is",
            backfill=self._backfill,
            state="failed",
        )


def values_sql(values: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str, ...]:
    """The values of a row as SQL, in the order of ``types``.

    Args:
        values: by column.
        types: the type of each column, as SQL.

    Raises:
        RowFunctionError: there is no literal for a value.
    """
    cells = []
    for column, type_ in types.items():
        value = values[column]
        if isinstance(value, bytes) and type_ == '"char"':  # as asyncpg reads it
            value = value.decode()
        try:
            cells.append(f"({_literal(value, type_)})::{type_}")
        except Exception as error:
            raise RowFunctionError(f"the value of {column}: {error}") from error
    return tuple(cells)


def _literal(value: Any, type_: str) -> str:
    if value is None or (type(value) is str and "\0" not in value):
        return literal(value)  # nearly all values
    known = _UNKNOWN if isinstance(value, str) else _TYPES.get(type_, _UNKNOWN)
    return typed_literal(value, known, _DIALECT)
