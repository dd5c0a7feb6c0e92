"""SQL as scripts for psycopg2 hand it to a cursor.

The objects of ``psycopg2.sql`` write themselves with the help of a connection of psycopg2's, which there
is none of: their parts are read instead, by shape, so that psycopg2 is not imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.psycopg2_compat.adaptation import adapt
from asyncmig.alembic_compat.psycopg2_compat.errors import ProgrammingError

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = ["text_of"]


def text_of(operation: Any, dialect: Dialect) -> str:
    """The text of a statement.

    Args:
        operation: a string, bytes, or a ``Composable``.
        dialect: quotes names and writes values.

    Raises:
        ProgrammingError: it is something else.
    """
    if isinstance(operation, str):
        return operation
    if isinstance(operation, bytes | bytearray | memoryview):
        return bytes(operation).decode()
    match type(operation).__name__:
        case "SQL":
            return str(operation.string)
        case "Identifier":
            quote = dialect.identifier_preparer.quote_identifier
            return ".".join(map(quote, operation.strings))
        case "Literal":
            return adapt(operation.wrapped, dialect)
        case "Placeholder":
            return f"%({operation.name})s" if operation.name else "%s"
        case "Composed":
            return "".join(text_of(part, dialect) for part in operation.seq)
        case name:
            raise ProgrammingError(f"a statement is text, not {name}")
