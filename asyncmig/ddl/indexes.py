"""Indexes as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.schema import CreateIndex, DropIndex

from asyncmig.ddl.compiled import CompiledSql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.indexes import CreateIndexOp, DropIndexOp

__all__ = ["create_index", "drop_index"]


def create_index(operation: CreateIndexOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """CREATE INDEX."""
    index = operation.to_index()
    sql = compilation.ddl(CreateIndex(index, if_not_exists=bool(operation.if_not_exists)))
    yield CompiledSql(sql, autocommit=_alone(operation))


def drop_index(operation: DropIndexOp, compilation: Compilation) -> Iterator[CompiledSql]:
    """DROP INDEX."""
    index = operation.to_index()
    sql = compilation.ddl(DropIndex(index, if_exists=bool(operation.if_exists)))
    yield CompiledSql(sql, autocommit=_alone(operation))


def _alone(operation: CreateIndexOp | DropIndexOp) -> bool | None:
    return True if operation.kw.get("postgresql_concurrently") else None
