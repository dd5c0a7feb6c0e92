"""Comments as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation
    from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp

__all__ = ["create_table_comment", "drop_table_comment"]


def create_table_comment(
    operation: CreateTableCommentOp, compilation: Compilation
) -> Iterator[str]:
    """COMMENT ON TABLE."""
    table = compilation.qualified(operation.table_name, compilation.translated(operation.schema))
    yield f"COMMENT ON TABLE {table} IS {compilation.comment(operation.comment)}"


def drop_table_comment(operation: DropTableCommentOp, compilation: Compilation) -> Iterator[str]:
    """COMMENT ON TABLE ... IS NULL."""
    table = compilation.qualified(operation.table_name, compilation.translated(operation.schema))
    yield f"COMMENT ON TABLE {table} IS NULL"
