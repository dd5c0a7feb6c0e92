"""Extensions as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.directives.extensions import CreateExtensionOp, DropExtensionOp

__all__ = ["create_extension", "drop_extension"]


def create_extension(operation: CreateExtensionOp, compilation: Compilation) -> Iterator[str]:
    """CREATE EXTENSION."""
    yield words(
        "CREATE EXTENSION",
        operation.if_not_exists and "IF NOT EXISTS",
        compilation.quote(operation.extension_name),
        operation.schema and f"SCHEMA {compilation.schema(operation.schema)}",
        operation.version and f"VERSION {compilation.string(operation.version)}",
        operation.cascade and "CASCADE",
    )


def drop_extension(operation: DropExtensionOp, compilation: Compilation) -> Iterator[str]:
    """DROP EXTENSION."""
    yield words(
        "DROP EXTENSION",
        operation.if_exists and "IF EXISTS",
        compilation.quote(operation.extension_name),
        operation.cascade and "CASCADE",
    )
