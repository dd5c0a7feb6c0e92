"""``alembic.ddl.base``: the constructs that ``@compiles`` functions of users name.

asyncmig compiles operations itself and never makes these, so that such a function is registered and
not called; what it would change for PostgreSQL is done with ``Operations.implementation_for``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import DDLElement

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import Compiled

__all__ = [
    "AddColumn",
    "AlterColumn",
    "AlterTable",
    "ColumnComment",
    "ColumnDefault",
    "ColumnName",
    "ColumnNullable",
    "ColumnType",
    "ComputedColumnDefault",
    "DropColumn",
    "IdentityColumnDefault",
    "RenameTable",
    "alter_table",
    "format_column_name",
    "format_table_name",
]


class AlterTable(DDLElement):
    """ALTER TABLE."""

    def __init__(self, table_name: str, schema: str | None = None) -> None:
        self.table_name = table_name
        self.schema = schema


class RenameTable(AlterTable):
    """ALTER TABLE ... RENAME TO."""

    def __init__(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        super().__init__(old_table_name, schema)
        self.new_table_name = new_table_name


class AddColumn(AlterTable):
    """ALTER TABLE ... ADD COLUMN."""

    def __init__(self, name: str, column: Any, schema: str | None = None, **_: Any) -> None:
        super().__init__(name, schema)
        self.column = column


class DropColumn(AddColumn):
    """ALTER TABLE ... DROP COLUMN."""


class AlterColumn(AlterTable):
    """ALTER TABLE ... ALTER COLUMN."""

    def __init__(self, name: str, column_name: str, schema: str | None = None, **kw: Any) -> None:
        super().__init__(name, schema)
        self.column_name = column_name
        self.__dict__.update(kw)


class ColumnNullable(AlterColumn):
    """... SET or DROP NOT NULL."""


class ColumnType(AlterColumn):
    """... TYPE."""


class ColumnName(AlterColumn):
    """... RENAME TO."""


class ColumnDefault(AlterColumn):
    """... SET DEFAULT."""


class ComputedColumnDefault(AlterColumn):
    """... a generated column."""


class IdentityColumnDefault(AlterColumn):
    """... an identity."""


class ColumnComment(AlterColumn):
    """COMMENT ON COLUMN."""


def format_table_name(compiler: Compiled, name: str, schema: str | None) -> str:
    """A table's name, quoted, with its schema."""
    quote = compiler.dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)


def format_column_name(compiler: Compiled, name: str) -> str:
    """A column's name, quoted."""
    return compiler.dialect.identifier_preparer.quote(name)


def alter_table(compiler: Compiled, name: str, schema: str | None) -> str:
    """The beginning of ALTER TABLE."""
    return f"ALTER TABLE {format_table_name(compiler, name, schema)}"
