"""Extensions as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql, join_words
from asyncmig.operations.directives.extensions import CreateExtensionOp, DropExtensionOp
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_extension", "drop_extension"]


@generate_sql.register(CreateExtensionOp)
def create_extension(operation: CreateExtensionOp, compilation: Compilation) -> Iterator[str]:
    """CREATE EXTENSION."""
    yield join_words(
        "CREATE EXTENSION",
        operation.if_not_exists and "IF NOT EXISTS",
        compilation.quote(operation.extension_name),
        operation.schema and f"SCHEMA {compilation.schema(operation.schema)}",
        operation.version and f"VERSION {literal(operation.version)}",
        operation.cascade and "CASCADE",
    )


@generate_sql.register(DropExtensionOp)
def drop_extension(operation: DropExtensionOp, compilation: Compilation) -> Iterator[str]:
    """DROP EXTENSION."""
    yield compilation.drop("EXTENSION", compilation.quote(operation.extension_name), operation)
