"""Comments as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.ddl.compilation import generate_sql
from asyncmig.operations.directives.comments import CreateTableCommentOp, DropTableCommentOp
from asyncmig.sql.quoting import comment_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["create_table_comment", "drop_table_comment"]


@generate_sql.register(CreateTableCommentOp)
def create_table_comment(
    operation: CreateTableCommentOp, compilation: Compilation
) -> Iterator[str]:
    """COMMENT ON TABLE."""
    table = compilation.qualified(
        operation.table_name, compilation.translate_schema(operation.schema)
    )
    yield comment_on("TABLE", table, operation.comment)


@generate_sql.register(DropTableCommentOp)
def drop_table_comment(operation: DropTableCommentOp, compilation: Compilation) -> Iterator[str]:
    """COMMENT ON TABLE ... IS NULL."""
    table = compilation.qualified(
        operation.table_name, compilation.translate_schema(operation.schema)
    )
    yield comment_on("TABLE", table, None)
