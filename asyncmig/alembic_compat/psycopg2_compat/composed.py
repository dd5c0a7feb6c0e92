"""SQL as scripts for psycopg2 and psycopg hand it to a cursor.

The objects of ``psycopg2.sql`` and ``psycopg.sql`` write themselves with the help of a connection of their
driver, which does not exist here: their parts are read by shape, so that no driver is imported.
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
    # psycopg2's objects have their parts under names, psycopg's have them in `_obj`
    is_psycopg = hasattr(operation, "_obj")
    match type(operation).__name__:
        case "SQL":
            return str(operation._obj if is_psycopg else operation.string)  # noqa: SLF001 - no other name
        case "Identifier":
            quote = dialect.identifier_preparer.quote_identifier
            names = operation._obj if is_psycopg else operation.strings  # noqa: SLF001 - likewise
            return ".".join(map(quote, names))
        case "Literal":
            return adapt(operation._obj if is_psycopg else operation.wrapped, dialect)  # noqa: SLF001 - likewise
        case "Placeholder":
            name = operation._obj if is_psycopg else operation.name  # noqa: SLF001 - likewise
            return f"%({name})s" if name else "%s"
        case "Composed":
            parts = operation._obj if is_psycopg else operation.seq  # noqa: SLF001 - likewise
            return "".join(text_of(part, dialect) for part in parts)
        case name:
            raise ProgrammingError(f"a statement is text, not {name}")
