"""Schemas as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_schema", "drop_schema"]


@generate_sql.register(CreateSchemaOp)
def create_schema(operation: CreateSchemaOp, compilation: Compilation) -> Iterator[str]:
    """CREATE SCHEMA."""
    yield join_words(
        "CREATE SCHEMA",
        operation.if_not_exists and "IF NOT EXISTS",
        compilation.schema(operation.schema_name),
        operation.authorization and f"AUTHORIZATION {compilation.role(operation.authorization)}",
    )


@generate_sql.register(DropSchemaOp)
def drop_schema(operation: DropSchemaOp, compilation: Compilation) -> Iterator[str]:
    """DROP SCHEMA."""
    yield compilation.drop("SCHEMA", compilation.schema(operation.schema_name), operation)
