"""Foreign keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from sqlalchemy.schema import ForeignKeyConstraint

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CreateForeignKeyOp", "ForeignKeyDirectives"]

_OPTIONS = ("onupdate", "ondelete", "initially", "deferrable", "use_alter", "match")


class CreateForeignKeyOp(
    AddConstraintOp,
    directive="create_foreign_key",
    in_alembic=True,
    visit_names=("foreign_key_constraint",),
):
    """``ALTER TABLE ... ADD FOREIGN KEY``."""

    constraint_type = "foreignkey"
    drop_type = "foreignkey"

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

    def to_constraint(self, migration_context: ScriptContext | None = None) -> ForeignKeyConstraint:
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
        """The tuple of ``compare_metadata``."""
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
        safe: bool = True,
        **dialect_kw: Any,
    ) -> None:
        """Add a foreign key. SHARE ROW EXCLUSIVE on both tables while every row is checked.

        With ``postgresql_not_valid=True``, ``validate_constraint`` checks the existing rows later.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            source_table: the referencing table.
            referent_table: the referenced table.
            local_cols: the referencing columns.
            remote_cols: the referenced columns, in the same order.
            onupdate: ``CASCADE``, ``RESTRICT``, ``SET NULL`` ...
            ondelete: likewise.
            deferrable: the check may be deferred until the commit.
            initially: ``DEFERRED`` or ``IMMEDIATE``.
            match: ``FULL`` or ``SIMPLE``.
            source_schema: of the referencing table.
            referent_schema: of the referenced table.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            dialect_kw: ``postgresql_not_valid``; ``use_alter``, which has no effect here.

        Example::

            op.create_foreign_key(
                "fk_book_author", "book", "author", ["author_id"], ["id"], ondelete="CASCADE"
            )
        """
        self.invoke_rewritable(
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
            ),
            safe=safe,
        )
