r"""SQL strings of scripts: split into statements, otherwise unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.ddl.compiled import CompiledSql
from asyncmig.sql.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["split_statements", "unescape_colons"]

_ESCAPED_COLON = re.compile(r"\\(:\w*)(?![:\w])")


def unescape_colons(sql: str) -> str:
    r"""``\:`` becomes ``:``, as in ``sa.text``.

    Nothing else changes: ``:name`` in a string is not a parameter, because there are no values. Alembic
    raises an error for it.
    """
    return _ESCAPED_COLON.sub(r"\1", sql) if "\\:" in sql else sql


def split_statements(
    sql: str, parameters: tuple[object, ...] = (), autocommit: bool | None = None
) -> Iterator[CompiledSql]:
    """The statements of a string, with the line where each begins."""
    for statement in split(sql):
        yield CompiledSql(
            statement.text,
            parameters=parameters,
            line=statement.line - 1,
            autocommit=autocommit,
            copy_data=statement.copy_data,
        )
