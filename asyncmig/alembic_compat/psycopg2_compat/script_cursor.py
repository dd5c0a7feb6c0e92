"""The cursor that scripts get of ``connection.connection`` and ``engine.raw_connection()``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self

from asyncmig.alembic_compat.psycopg2_compat import errors
from asyncmig.alembic_compat.psycopg2_compat.adaptation import merge
from asyncmig.alembic_compat.psycopg2_compat.composed import text_of
from asyncmig.alembic_compat.psycopg2_compat.copying import COPYING, Copying, TableCopies
from asyncmig.alembic_compat.psycopg2_compat.named_rows import row_maker
from asyncmig.sql.split import reads_stdin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, CursorResult, Dialect

__all__ = ["CursorOwner", "ScriptCursor"]


class CursorOwner(Protocol):
    """The DBAPI connection that a cursor belongs to."""

    @property
    def dialect(self) -> Dialect:
        """Writes literals and quotes identifiers."""
        ...

    def owner(self) -> Connection:
        """SQLAlchemy's connection, which executes the statements of cursors."""
        ...


class ScriptCursor(TableCopies):
    """A plain cursor as scripts use it, executing by SQLAlchemy's connection.

    So the engine sees its statements, and first sends the statements of earlier directives.

    Args:
        connection: whose cursor it is.
        factory: the class of psycopg2's that was asked for, ``RealDictCursor`` say: it tells the rows.
    """

    arraysize = 1

    def __init__(self, connection: CursorOwner, factory: str = "") -> None:
        self.connection = connection
        self.closed = False
        self.rowcount = -1
        self.description: Any = None
        self.query: bytes | None = None
        self._factory = factory
        self._row: Any = tuple
        self._result: CursorResult[Any] | None = None

    def execute(
        self, operation: Any, parameters: Mapping[str, Any] | Sequence[Any] | None = None
    ) -> None:
        """Run a text of one or more statements: a string, bytes or an object of ``psycopg2.sql``."""
        self._execute(operation, parameters, {})

    def _execute(self, operation: Any, parameters: Any, options: dict[str, Any]) -> None:
        sql = text_of(operation, self.connection.dialect)
        self.query = sql.encode()
        if parameters is None:
            sql = sql.replace("%", "%%")
        given: Any = tuple(parameters) if isinstance(parameters, list) else parameters
        with _as_the_driver_raises():
            result = self.connection.owner().exec_driver_sql(
                sql, given or None, execution_options=options
            )
        self.rowcount = result.rowcount
        cursor = result.cursor if result.returns_rows else None
        self.description = None if cursor is None else cursor.description
        self._row = row_maker(self._factory, [column[0] for column in self.description or ()])
        self._result = result

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        """Run a statement once for each set of parameters."""
        sql = text_of(operation, self.connection.dialect)
        given: Any = [tuple(each) if isinstance(each, list) else each for each in seq_of_parameters]
        if given:
            with _as_the_driver_raises():
                self.connection.owner().exec_driver_sql(sql, given)
        self._result = None

    def mogrify(self, operation: Any, parameters: Any = None) -> bytes:
        """The text that would be sent."""
        sql = text_of(operation, self.connection.dialect)
        if parameters is not None:
            sql = merge(sql, parameters, self.connection.dialect)
        return sql.encode()

    # COPY

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Run a ``COPY ... FROM STDIN`` or ``TO STDOUT`` as it is written.

        Args:
            sql: the statement.
            file: read, or written to: texts or bytes.
            size: taken for psycopg2's sake.

        Raises:
            NotSupportedError: an earlier run has done what stands here, so that nothing can be read.
        """
        del size
        text = text_of(sql, self.connection.dialect).rstrip().rstrip(";")
        copying = Copying(file)
        self._execute(text, None, {COPYING: copying})
        if not copying.done and not reads_stdin(text):
            raise errors.NotSupportedError("COPY TO STDOUT was skipped: an earlier run has done it")

    # reading

    def fetchone(self) -> Any:
        """The next row, or None."""
        row = self._open().fetchone()
        return None if row is None else self._row(row)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        return [self._row(row) for row in self._open().fetchmany(size or self.arraysize)]

    def fetchall(self) -> list[Any]:
        """The rest of the rows."""
        return [self._row(row) for row in self._open().fetchall()]

    def __iter__(self) -> Iterator[Any]:
        return (self._row(row) for row in self._open())

    def _open(self) -> CursorResult[Any]:
        if self._result is None or not self._result.returns_rows:
            raise errors.ProgrammingError("no results to fetch")
        return self._result

    def close(self) -> None:
        """Forget the rows."""
        self._result = None
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _as_the_driver_raises() -> Iterator[None]:
    """A plain cursor raises the driver's own exceptions."""
    try:
        yield
    except Exception as error:
        original = getattr(error, "orig", None)
        if isinstance(original, errors.Error):
            raise original from original.__cause__
        raise
