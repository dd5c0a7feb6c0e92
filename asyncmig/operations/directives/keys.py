"""Primary keys and unique constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import PrimaryKeyConstraint, UniqueConstraint

    from asyncmig.operations.context import MigrationContext

__all__ = ["CreatePrimaryKeyOp", "CreateUniqueConstraintOp", "KeyDirectives", "timing"]


def timing(constraint: Any) -> dict[str, Any]:
    """When a constraint is checked, as the keywords that say so."""
    return {
        name: value for name in ("deferrable", "initially") if (value := getattr(constraint, name))
    }


class CreatePrimaryKeyOp(AddConstraintOp):
    """``ALTER TABLE ... ADD PRIMARY KEY``."""

    directive = "create_primary_key"
    constraint_type = "primarykey"

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
    def from_constraint(cls, constraint: PrimaryKeyConstraint) -> CreatePrimaryKeyOp:
        """The operation that adds this primary key."""
        table = table_of(constraint)
        return cls(
            name_of(constraint),
            table.name,
            list(constraint.columns.keys()),
            schema=table.schema,
            **timing(constraint),
            **constraint.dialect_kwargs,
        )

    def to_constraint(
        self, migration_context: MigrationContext | None = None
    ) -> PrimaryKeyConstraint:
        """The primary key as SQLAlchemy has it."""
        return SchemaObjects(migration_context or self.script_context).primary_key_constraint(
            self.constraint_name, self.table_name, self.columns, schema=self.schema, **self.kw
        )


class CreateUniqueConstraintOp(AddConstraintOp):
    """``ALTER TABLE ... ADD UNIQUE``."""

    directive = "create_unique_constraint"
    constraint_type = "unique"

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
    def from_constraint(cls, constraint: UniqueConstraint) -> CreateUniqueConstraintOp:
        """The operation that adds this unique constraint."""
        table = table_of(constraint)
        return cls(
            name_of(constraint),
            table.name,
            [column.name for column in constraint.columns],
            schema=table.schema,
            **timing(constraint),
            **constraint.dialect_kwargs,
        )

    def to_constraint(self, migration_context: MigrationContext | None = None) -> UniqueConstraint:
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
        **kw: Any,
    ) -> None:
        """Add a primary key. ACCESS EXCLUSIVE while its index is built and NULLs are looked for.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            table_name: of the table.
            columns: their names, in order.
            schema: of the table.
            kw: ``deferrable``, ``initially``, ``postgresql_include`` (SQLAlchemy 2.1).

        Example::

            op.create_primary_key("pk_book", "book", ["id"])
        """
        self.invoke(CreatePrimaryKeyOp(constraint_name, table_name, columns, schema=schema, **kw))

    def create_unique_constraint(
        self,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Add a unique constraint. ACCESS EXCLUSIVE while its index is built.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            table_name: of the table.
            columns: their names, in order.
            schema: of the table.
            kw: ``deferrable``, ``initially``, ``postgresql_nulls_not_distinct``,
                ``postgresql_include`` (SQLAlchemy 2.1).

        Example::

            op.create_unique_constraint("uq_book_isbn", "book", ["isbn"], deferrable=True)
        """
        self.invoke(
            CreateUniqueConstraintOp(constraint_name, table_name, columns, schema=schema, **kw)
        )
