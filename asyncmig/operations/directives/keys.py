"""Primary keys and unique constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import PrimaryKeyConstraint, UniqueConstraint

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CreatePrimaryKeyOp", "CreateUniqueConstraintOp", "KeyDirectives"]


class KeyConstraintOp(AddConstraintOp):
    """Base of the operations that add a primary key or unique constraint."""

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.columns = columns
        self.schema = schema
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: PrimaryKeyConstraint | UniqueConstraint) -> Self:
        """The operation that adds this constraint."""
        table = table_of(constraint)
        deferred = {"deferrable": constraint.deferrable, "initially": constraint.initially}
        return cls(
            name_of(constraint),
            table.name,
            [column.name for column in constraint.columns],
            schema=table.schema,
            **{name: value for name, value in deferred.items() if value},
            **constraint.dialect_kwargs,
        )


class CreatePrimaryKeyOp(
    KeyConstraintOp,
    directive="create_primary_key",
    in_alembic=True,
    visit_names=("primary_key_constraint",),
):
    """``ALTER TABLE ... ADD PRIMARY KEY``."""

    constraint_type = "primarykey"
    drop_type = "primary"

    def to_constraint(self, migration_context: ScriptContext | None = None) -> PrimaryKeyConstraint:
        """The primary key as SQLAlchemy has it."""
        return SchemaObjects(migration_context or self.script_context).primary_key_constraint(
            self.constraint_name, self.table_name, self.columns, schema=self.schema, **self.kw
        )


class CreateUniqueConstraintOp(
    KeyConstraintOp,
    directive="create_unique_constraint",
    in_alembic=True,
    visit_names=("unique_constraint",),
):
    """``ALTER TABLE ... ADD UNIQUE``."""

    constraint_type = "unique"
    drop_type = "unique"

    def to_constraint(self, migration_context: ScriptContext | None = None) -> UniqueConstraint:
        """The unique constraint as SQLAlchemy has it."""
        return SchemaObjects(migration_context or self.script_context).unique_constraint(
            self.constraint_name, self.table_name, self.columns, schema=self.schema, **self.kw
        )


class KeyDirectives(Directives):
    """Directives for primary keys and unique constraints."""

    def create_primary_key(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: list[str],
        *,
        schema: str | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Add a primary key. ACCESS EXCLUSIVE while its index is built and NULLs are checked.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            table_name: of the table.
            columns: their names, in order.
            schema: of the table.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``deferrable``, ``initially``, ``postgresql_include`` (SQLAlchemy 2.1).

        Example::

            op.create_primary_key("pk_book", "book", ["id"])
        """
        self.invoke_rewritable(
            CreatePrimaryKeyOp(constraint_name, table_name, columns, schema=schema, **kw), safe=safe
        )

    def create_unique_constraint(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Add a unique constraint. ACCESS EXCLUSIVE while its index is built.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            table_name: of the table.
            columns: their names, in order.
            schema: of the table.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``deferrable``, ``initially``, ``postgresql_nulls_not_distinct``,
                ``postgresql_include`` (SQLAlchemy 2.1).

        Example::

            op.create_unique_constraint("uq_book_isbn", "book", ["isbn"], deferrable=True)
        """
        self.invoke_rewritable(
            CreateUniqueConstraintOp(constraint_name, table_name, columns, schema=schema, **kw),
            safe=safe,
        )
