"""Comments of tables."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.tables import AlterTableOp

if TYPE_CHECKING:
    from sqlalchemy.schema import Table

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CommentDirectives", "CreateTableCommentOp", "DropTableCommentOp"]


@dataclass(eq=False)
class CreateTableCommentOp(AlterTableOp, directive="create_table_comment", in_alembic=True):
    """``COMMENT ON TABLE``."""

    comment: str | None
    _: KW_ONLY
    existing_comment: str | None = None

    def to_table(self, migration_context: ScriptContext | None = None) -> Table:
        """The table with its comment."""
        return SchemaObjects(migration_context or self.script_context).table(
            self.table_name, schema=self.schema, comment=self.comment
        )

    def reverse(self) -> CreateTableCommentOp | DropTableCommentOp:
        """The comment before, or none."""
        if self.existing_comment is None:
            return DropTableCommentOp(
                self.table_name, existing_comment=self.comment, schema=self.schema
            )
        return CreateTableCommentOp(
            self.table_name,
            self.existing_comment,
            existing_comment=self.comment,
            schema=self.schema,
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """The tuple of ``compare_metadata``."""
        return ("add_table_comment", self.to_table(), self.existing_comment)


@dataclass(eq=False)
class DropTableCommentOp(AlterTableOp, directive="drop_table_comment", in_alembic=True):
    """``COMMENT ON TABLE ... IS NULL``."""

    _: KW_ONLY
    existing_comment: str | None = None

    def to_table(self, migration_context: ScriptContext | None = None) -> Table:
        """The table, without a comment."""
        return SchemaObjects(migration_context or self.script_context).table(
            self.table_name, schema=self.schema
        )

    def reverse(self) -> CreateTableCommentOp:
        """The comment before."""
        return CreateTableCommentOp(self.table_name, self.existing_comment, schema=self.schema)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """The tuple of ``compare_metadata``."""
        return ("remove_table_comment", self.to_table())


class CommentDirectives(Directives):
    """Directives for comments of tables; those of columns are ``alter_column(comment=...)``."""

    def create_table_comment(
        self,
        table_name: str,
        comment: str | None,
        *,
        existing_comment: str | None = None,
        schema: str | None = None,
    ) -> None:
        """Set the comment of a table. SHARE UPDATE EXCLUSIVE.

        Example::

            op.create_table_comment("book", "every title we ever sold")
        """
        self.invoke(
            CreateTableCommentOp(
                table_name, comment, existing_comment=existing_comment, schema=schema
            )
        )

    def drop_table_comment(
        self,
        table_name: str,
        *,
        existing_comment: str | None = None,
        schema: str | None = None,
    ) -> None:
        """Remove the comment of a table. SHARE UPDATE EXCLUSIVE.

        Example::

            op.drop_table_comment("book", existing_comment="every title we ever sold")
        """
        self.invoke(
            DropTableCommentOp(table_name, existing_comment=existing_comment, schema=schema)
        )
