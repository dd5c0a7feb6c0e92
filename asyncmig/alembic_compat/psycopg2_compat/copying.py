"""COPY between the server and a file of a script."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from asyncmig.sql.lexer import tokens
from asyncmig.sql.split import reads_stdin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import asyncpg
    from sqlalchemy.sql.compiler import IdentifierPreparer

__all__ = ["COPYING", "Copying", "TableCopies", "reads_or_writes_stream"]

COPYING = "asyncmig_copying"
"""The execution option by which a ``Copying`` reaches the cursor that runs it."""
_CHUNK = 65_536
"""Bytes, or characters, that are read at a time."""


class Copying:
    """The file's side of one COPY.

    Args:
        file: read, or written to: texts or bytes.

    Attributes:
        done: whether the statement has run.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self.done = False

    async def run(self, driver: asyncpg.Connection, statement: str) -> str:
        """Run the statement as it was written; gives the command's tag.

        asyncpg's public methods build a statement of their own, so those beneath them are called.
        """
        self.done = True
        tag: str
        if reads_stdin(statement):
            tag = await driver._copy_in(statement, self._chunks(), None)  # noqa: SLF001
        else:
            tag = await driver._copy_out(statement, self._write, None)  # noqa: SLF001
        return tag

    async def _chunks(self) -> AsyncIterator[bytes]:
        while chunk := self._file.read(_CHUNK):
            yield chunk.encode() if isinstance(chunk, str) else bytes(chunk)

    async def _write(self, data: bytes) -> None:
        is_text = isinstance(self._file, io.TextIOBase)
        self._file.write(bytes(data).decode() if is_text else bytes(data))


def reads_or_writes_stream(copy: str) -> bool:
    """True for COPY FROM STDIN and COPY TO STDOUT."""
    previous = ""
    for token in tokens(copy):
        if (previous, token.word) in {("FROM", "STDIN"), ("TO", "STDOUT")}:
            return True
        previous = token.word
    return False


class TableCopies:
    """``copy_from`` and ``copy_to`` of a cursor that has ``copy_expert``."""

    connection: Any

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Run a ``COPY ... FROM STDIN`` or ``TO STDOUT`` with a file."""
        raise NotImplementedError

    def copy_from(
        self,
        file: Any,
        table: str,
        sep: str = "\t",
        null: str = "\\N",
        size: int = 8192,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Fill a table from a file in COPY's text format."""
        preparer = self.connection.dialect.identifier_preparer
        sql = _copy_of_table(table, columns, "FROM STDIN", preparer, sep=sep, null=null)
        self.copy_expert(sql, file, size)

    def copy_to(
        self,
        file: Any,
        table: str,
        sep: str = "\t",
        null: str = "\\N",
        columns: Sequence[str] | None = None,
    ) -> None:
        """Write a table to a file in COPY's text format."""
        preparer = self.connection.dialect.identifier_preparer
        sql = _copy_of_table(table, columns, "TO STDOUT", preparer, sep=sep, null=null)
        self.copy_expert(sql, file)


def _copy_of_table(
    table: str,
    columns: Sequence[str] | None,
    direction: str,
    preparer: IdentifierPreparer,
    *,
    sep: str,
    null: str,
) -> str:
    """The statement of ``copy_from`` and ``copy_to``, in the text format.

    Args:
        table: one name, without a schema, as psycopg2 has it.
        columns: all when None.
        direction: ``FROM STDIN`` or ``TO STDOUT``.
        preparer: quotes names.
        sep: between values.
        null: what stands for NULL.
    """
    quote = preparer.quote_identifier
    names = f" ({', '.join(map(quote, columns))})" if columns else ""
    return (
        f"COPY {quote(table)}{names} {direction} "
        f"WITH (DELIMITER {_escaped(sep)}, NULL {_escaped(null)})"
    )


def _escaped(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace("'", "''").replace("\t", "\\t")
    return f"E'{inner}'"
