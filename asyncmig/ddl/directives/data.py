"""``op.bulk_insert``: rows as INSERT statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import Column
from sqlalchemy.schema import Sequence as SchemaSequence
from sqlalchemy.sql.elements import BindParameter, ClauseElement
from sqlalchemy.sql.selectable import FromClause

from asyncmig.ddl.compilation import generate_sql
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.defaults import is_python_side, python_default
from asyncmig.ddl.literal import typed_literal
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.directives.data import BulkInsertOp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asyncmig.ddl.compilation import Compilation

__all__ = ["bulk_insert"]

_ROWS_A_STATEMENT = 1000
"""More make the parse tree large and save nothing."""

_CHARACTERS_A_STATEMENT = 1_000_000
"""Wide rows end a statement earlier, so that an error's text stays readable."""


@generate_sql.register(BulkInsertOp)
def bulk_insert(operation: BulkInsertOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """INSERT statements of many rows.

    The first row names the columns, as in SQLAlchemy's executemany; keys that it lacks are ignored in
    the others. Without ``multiinsert`` each row names its own.
    """
    if not isinstance(operation.rows, list):
        raise TypeError(f"bulk_insert takes a list of rows, not {type(operation.rows).__name__}")
    if not isinstance(operation.table, FromClause):
        raise directive_error(
            f"bulk_insert takes a table, not {type(operation.table).__name__}",
            hint="give what create_table returned, or sa.table('name', sa.column('title'), ...)",
            directive=operation.directive,
        )
    rows = [_checked(row) for row in operation.rows]
    insert = _Insert(operation, compilation)
    if not operation.multiinsert:
        for row in rows:
            columns = insert.columns_of(row, strict=True)
            yield insert.statement(columns, [insert.row(row, columns)])
        return
    columns = insert.columns_of(rows[0], strict=False) if rows else ()
    tuples: list[str] = []
    size = 0
    for number, row in enumerate(rows, 1):
        text = insert.row(row, columns, number)
        if tuples and (
            not columns
            or len(tuples) >= _ROWS_A_STATEMENT
            or size + len(text) > _CHARACTERS_A_STATEMENT
        ):
            yield insert.statement(columns, tuples)
            tuples, size = [], 0
        tuples.append(text)
        size += len(text)
    if tuples:
        yield insert.statement(columns, tuples)


def _checked(row: object) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise TypeError(f"bulk_insert takes rows as dictionaries, not {type(row).__name__}")
    return {str(getattr(key, "key", key)): value for key, value in row.items()}


class _Insert:
    def __init__(self, operation: BulkInsertOp, compilation: Compilation) -> None:
        self._table = operation.table
        self._directive = operation.directive
        self._compilation = compilation
        self._renderers: dict[str, Callable[[Any], str]] = {}
        self._defaults: dict[str, Any] = {}
        self._keys = dict.fromkeys(map(str, self._table.columns.keys()))
        self._filled: tuple[str, ...] = ()
        for column in self._table.columns:
            default = getattr(column, "default", None) if isinstance(column, Column) else None
            if default is not None:
                self._defaults[str(column.key)] = default

    def columns_of(self, row: dict[str, Any], *, strict: bool) -> tuple[str, ...]:
        """The columns of a row, and those that have a default, in the order of the table.

        Args:
            row: of keys and values.
            strict: refuse keys that the table does not have.
        """
        if strict:
            for key in row:
                self._check_known(key)
        self._filled = tuple(
            key
            for key, default in self._defaults.items()
            if key not in row and not (isinstance(default, SchemaSequence) and default.optional)
        )
        return tuple(key for key in self._keys if key in row or key in self._filled)

    def row(self, row: dict[str, Any], columns: Sequence[str], number: int = 1) -> str:
        """The values of a row in parentheses."""
        values = {key: value for key, value in row.items() if key in columns}
        for key in self._filled:
            default = self._defaults[key]
            if is_python_side(default):
                values[key] = python_default(default, values)
            elif isinstance(default, SchemaSequence):
                values[key] = default.next_value()
            else:
                values[key] = default.arg
        missing = [key for key in columns if key not in values]
        if missing:
            raise directive_error(
                f"bulk_insert into {self._table.name}: row {number} has no value for column "
                f"{missing[0]!r}, which the first row has",
                hint="give every row the keys of the first, or call bulk_insert once for each set of keys",
                directive=self._directive,
            )
        return f"({', '.join(self._renderer(key)(values[key]) for key in columns)})"

    def statement(self, keys: tuple[str, ...], tuples: list[str]) -> CompiledSql:
        """INSERT INTO."""
        preparer = self._compilation.preparer
        table = preparer.format_table(self._table)
        if not keys:
            return CompiledSql(f"INSERT INTO {table} DEFAULT VALUES")
        names = ", ".join(preparer.quote(self._table.columns[key].name) for key in keys)
        rows = f" {tuples[0]}" if len(tuples) == 1 else "\n    " + ",\n    ".join(tuples)
        return CompiledSql(f"INSERT INTO {table} ({names}) VALUES{rows}")

    def _check_known(self, key: str) -> None:
        if key not in self._keys:
            raise directive_error(
                f"bulk_insert into {self._table.name}: the table has no column {key!r}",
                hint=f"its columns are {', '.join(self._keys) or 'unknown'}",
                directive=self._directive,
            )

    def _renderer(self, key: str) -> Callable[[Any], str]:
        renderer = self._renderers.get(key)
        if renderer is None:
            renderer = self._renderers[key] = self._new_renderer(key)
        return renderer

    def _new_renderer(self, key: str) -> Callable[[Any], str]:
        type_ = self._table.columns[key].type
        dialect = self._compilation.dialect
        compiler = self._compilation.sql_compiler
        wraps = type_.dialect_impl(dialect)._has_bind_expression  # noqa: SLF001 - what compiling asks

        def render(value: Any) -> str:
            if isinstance(value, ClauseElement):
                return compiler.process(value.self_group(), literal_binds=True)
            if hasattr(value, "__clause_element__"):
                return compiler.process(value.__clause_element__(), literal_binds=True)
            if wraps:
                return compiler.process(BindParameter(None, value, type_=type_), literal_binds=True)
            return typed_literal(value, type_, dialect)

        return render
