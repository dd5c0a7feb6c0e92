"""``compile_operation``: from an operation to SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import ArgumentError

from asyncmig.config.files.source import nearest
from asyncmig.ddl.compilation import Compilation, generate_sql
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.ddl.keywords import check_keywords
from asyncmig.operations.base.containers import OpContainer
from asyncmig.operations.base.errors import directive_error

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["compile_operation"]

_UNKNOWN_KEYWORD = re.compile(r"Argument '(\w+)' is not accepted by dialect")


def compile_operation(
    operation: MigrateOperation, dialect: Dialect, *, of_alembic: bool = False
) -> list[CompiledSql]:
    """The statements of an operation, in the order they are to run.

    Args:
        operation: one of ``asyncmig.operations``, or of a subclass.
        dialect: a ``MigrationDialect``.
        of_alembic: it comes from a script for Alembic; see ``check_keywords``.

    Raises:
        DirectiveError: it has no SQL, or is of a class that asyncmig cannot compile.
        sqlalchemy.exc.CompileError: SQLAlchemy refuses its schema objects.

    Example::

        compile_operation(DropTableOp("book"), MigrationDialect())[0].sql  # DROP TABLE book
    """
    if isinstance(operation, OpContainer):
        return [
            sql
            for inner in operation.ops
            for sql in compile_operation(inner, dialect, of_alembic=of_alembic)
        ]
    check_keywords(operation, of_alembic=of_alembic)
    try:
        return [
            CompiledSql(statement) if isinstance(statement, str) else statement
            for statement in generate_sql(operation, Compilation(dialect))
        ]
    except ArgumentError as error:
        keyword = _UNKNOWN_KEYWORD.match(str(error))
        if keyword is None:
            raise
        raise directive_error(
            f"SQLAlchemy {sqlalchemy.__version__} does not accept {keyword[1]} here",
            hint=_keyword_hint(keyword[1]),
            directive=operation.directive,
        ) from error


def _keyword_hint(keyword: str) -> str:
    known = {name for _, names in PGDialect.construct_arguments or () for name in names}
    name = keyword.removeprefix("postgresql_")
    if name in known:  # of another kind of object, or of a later SQLAlchemy
        return (
            "postgresql_with of a table and postgresql_include of a key need SQLAlchemy 2.1; "
            "op.execute takes any SQL"
        )
    near = nearest(name, known)
    return f"did you mean 'postgresql_{near}'?" if near else "op.execute takes any SQL"
