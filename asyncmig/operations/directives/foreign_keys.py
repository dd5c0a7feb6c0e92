"""Foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from sqlalchemy.schema import ForeignKeyConstraint

    from asyncmig.operations.context import MigrationContext

__all__ = ["CreateForeignKeyOp", "ForeignKeyDirectives"]

_OPTIONS = ("onupdate", "ondelete", "initially", "deferrable", "use_alter", "match")


class CreateForeignKeyOp(AddConstraintOp):
    """``ALTER TABLE ... ADD FOREIGN KEY``."""

    directive = "create_foreign_key"
    constraint_type = "foreignkey"

    def __init__(
        self,
        constraint_name: str | None,
        source_table: str,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.source_table = source_table
        self.referent_table = referent_table
        self.local_cols = local_cols
        self.remote_cols = remote_cols
        self.schema = kw.get("source_schema")
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: ForeignKeyConstraint) -> CreateForeignKeyOp:
        """The operation that adds this foreign key."""
        table = table_of(constraint)
        referents = [element.column for element in constraint.elements]
        options = {name: value for name in _OPTIONS if (value := getattr(constraint, name))}
        return cls(
            name_of(constraint),
            table.name,
            referents[0].table.name,
            [element.parent.name for element in constraint.elements],
            [column.name for column in referents],
            source_schema=table.schema,
            referent_schema=referents[0].table.schema,
            **options,
            **constraint.dialect_kwargs,
        )

    def to_constraint(
        self, migration_context: MigrationContext | None = None
    ) -> ForeignKeyConstraint:
        """The foreign key as SQLAlchemy has it."""
        return SchemaObjects(migration_context or self.script_context).foreign_key_constraint(
            self.constraint_name,
            self.source_table,
            self.referent_table,
            self.local_cols,
            self.remote_cols,
            **self.kw,
        )

    def to_diff_tuple(self) -> tuple[str, ForeignKeyConstraint]:
        """As ``compare_metadata`` gives it."""
        return ("add_fk", self.to_constraint())


class ForeignKeyDirectives(Directives):
    """Directives for foreign keys."""

    def create_foreign_key(
        self,
        constraint_name: str | None,
        source_table: str,
        referent_table: str,
        local_cols: list[str],
        remote_cols: list[str],
        *,
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        initially: str | None = None,
        match: str | None = None,
        source_schema: str | None = None,
        referent_schema: str | None = None,
        **dialect_kw: Any,
    ) -> None:
        """Add a foreign key. SHARE ROW EXCLUSIVE on both tables while every row is looked up.

        With ``postgresql_not_valid=True`` the rows are left for ``validate_constraint``.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            source_table: the table that points.
            referent_table: the table that is pointed to.
            local_cols: columns that point.
            remote_cols: columns that are pointed to, in the same order.
            onupdate: ``CASCADE``, ``RESTRICT``, ``SET NULL`` ...
            ondelete: the same.
            deferrable: whether the check may wait until the commit.
            initially: ``DEFERRED`` or ``IMMEDIATE``.
            match: ``FULL`` or ``SIMPLE``.
            source_schema: of the table that points.
            referent_schema: of the other one.
            dialect_kw: ``postgresql_not_valid``; ``use_alter``, which changes nothing here.

        Example::

            op.create_foreign_key(
                "fk_book_author", "book", "author", ["author_id"], ["id"], ondelete="CASCADE"
            )
        """
        self.invoke(
            CreateForeignKeyOp(
                constraint_name,
                source_table,
                referent_table,
                local_cols,
                remote_cols,
                onupdate=onupdate,
                ondelete=ondelete,
                deferrable=deferrable,
                source_schema=source_schema,
                referent_schema=referent_schema,
                initially=initially,
                match=match,
                **dialect_kw,
            )
        )
