"""Indexes as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.schema import CreateIndex, DropIndex

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.ddl.compiled import CompiledSql
from asyncmig.operations.base.schema_objects import renames_indexes
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_index", "drop_index"]

_LONGEST = 63
"""SQLAlchemy refuses longer names, which PostgreSQL would truncate."""


@generate_sql.register(CreateIndexOp)
def create_index(operation: CreateIndexOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """CREATE INDEX."""
    if _is_plain(operation):
        schema = compilation.translate_schema(operation.schema)
        sql = join_words(
            "CREATE",
            operation.unique and "UNIQUE",
            "INDEX",
            operation.kw.get("postgresql_concurrently") and "CONCURRENTLY",
            operation.if_not_exists and "IF NOT EXISTS",
            compilation.quote(str(operation.index_name)),
            f"ON {compilation.qualified(operation.table_name, schema)}",
            f"({compilation.names(map(str, operation.columns))})",
        )
    else:
        index = operation.to_index()
        sql = compilation.ddl(CreateIndex(index, if_not_exists=bool(operation.if_not_exists)))
    yield CompiledSql(sql, autocommit=_autocommit(operation))


def _is_plain(operation: CreateIndexOp) -> bool:
    """True for an index with a name and plain columns, which needs no schema objects.

    Most indexes are plain. Making a ``Table``, its columns and an ``Index`` takes as long as compiling
    CREATE TABLE, and a new database may create thousands of indexes.
    """
    return (
        type(operation.index_name) is str
        and len(operation.index_name) <= _LONGEST
        and type(operation.table_name) is str
        and operation.kw.keys() <= {"postgresql_concurrently"}
        and all(type(column) is str for column in operation.columns)
        and not renames_indexes(operation.script_context)
    )


@generate_sql.register(DropIndexOp)
def drop_index(operation: DropIndexOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """DROP INDEX."""
    index = operation.to_index()
    sql = compilation.ddl(DropIndex(index, if_exists=bool(operation.if_exists)))
    yield CompiledSql(sql, autocommit=_autocommit(operation))


def _autocommit(operation: CreateIndexOp | DropIndexOp) -> bool | None:
    return True if operation.kw.get("postgresql_concurrently") else None
