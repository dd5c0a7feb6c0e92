"""The plain forms of online changes, for a table that the plan itself has created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.types import to_instance

from asyncmig.ddl.compilation import generate_sql
from asyncmig.operations.directives.online import (
    AlterColumnOnlineOp,
    FinishColumnOnlineOp,
    RenameColumnOnlineOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__: list[str] = []


@generate_sql.register(AlterColumnOnlineOp)
def _alter(operation: AlterColumnOnlineOp, compilation: Compilation) -> Iterator[str]:
    """One ALTER TABLE, which rewrites the table."""
    using = f" USING {operation.using}" if operation.using else ""
    yield (
        f"{_table(operation, compilation)} ALTER COLUMN {compilation.quote(operation.column_name)}"
        f" TYPE {compilation.type(to_instance(operation.type_))}{using}"
    )


@generate_sql.register(RenameColumnOnlineOp)
def _rename(operation: RenameColumnOnlineOp, compilation: Compilation) -> Iterator[str]:
    """One RENAME."""
    old, new = map(compilation.quote, (operation.column_name, operation.new_column_name))
    yield f"{_table(operation, compilation)} RENAME COLUMN {old} TO {new}"


@generate_sql.register(FinishColumnOnlineOp)
def _finish(operation: FinishColumnOnlineOp, compilation: Compilation) -> Iterator[str]:
    """Nothing: the plain forms keep no old column."""
    del operation, compilation
    yield from ()


def _table(operation: AlterColumnOnlineOp | RenameColumnOnlineOp, compilation: Compilation) -> str:
    return compilation.alter_table(
        operation.table_name, compilation.translate_schema(operation.schema)
    )
