"""Constraints in general: adding any, dropping one by name, validating one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from sqlalchemy.schema import Constraint, Table

    from asyncmig.operations.context import MigrationContext

__all__ = [
    "AddConstraintOp",
    "ConstraintDirectives",
    "DropConstraintOp",
    "ValidateConstraintOp",
    "table_of",
]

_KINDS = {
    "unique_constraint": "unique",
    "foreign_key_constraint": "foreignkey",
    "primary_key_constraint": "primary",
    "check_constraint": "check",
    "column_check_constraint": "check",
    "table_or_column_check_constraint": "check",
}
"""What ``drop_constraint(type_=...)`` calls SQLAlchemy's constraints."""


def table_of(constraint: Constraint) -> Table:
    """The table of a constraint, also of one that is written at a column."""
    parent: Any = constraint.parent
    table: Table = getattr(parent, "table", parent)
    return table


def name_of(constraint: Constraint) -> str | None:
    """The name of a constraint; None where a naming convention is to choose it."""
    return constraint.name if isinstance(constraint.name, str) else None


class AddConstraintOp(MigrateOperation):
    """The root of the operations that add a constraint to a table."""

    constraint_type: ClassVar[str] = ""

    constraint_name: str | None
    schema: str | None
    kw: dict[str, Any]

    @classmethod
    def from_constraint(cls, constraint: Any) -> AddConstraintOp:
        """The operation that adds this constraint.

        Raises:
            ValueError: it is of a kind that no directive adds.
        """
        from asyncmig.operations.directives.checks import CreateCheckConstraintOp
        from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
        from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
        from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp

        match getattr(constraint, "__visit_name__", None):
            case "primary_key_constraint":
                return CreatePrimaryKeyOp.from_constraint(constraint)
            case "unique_constraint":
                return CreateUniqueConstraintOp.from_constraint(constraint)
            case "foreign_key_constraint":
                return CreateForeignKeyOp.from_constraint(constraint)
            case "exclude_constraint":
                return CreateExcludeConstraintOp.from_constraint(constraint)
            case (
                "check_constraint" | "column_check_constraint" | "table_or_column_check_constraint"
            ):
                return CreateCheckConstraintOp.from_constraint(constraint)
            case _:
                raise ValueError(f"no directive adds a {type(constraint).__name__}")

    def to_constraint(self, migration_context: MigrationContext | None = None) -> Constraint:
        """The constraint as SQLAlchemy has it, attached to a table."""
        raise NotImplementedError

    def reverse(self) -> DropConstraintOp:
        """``DROP CONSTRAINT``, which can be reversed again."""
        return DropConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """As ``compare_metadata`` gives it."""
        return ("add_constraint", self.to_constraint())


class DropConstraintOp(MigrateOperation):
    """``ALTER TABLE ... DROP CONSTRAINT``."""

    directive = "drop_constraint"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
        _reverse: AddConstraintOp | None = None,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.constraint_type = type_
        self.schema = schema
        self.if_exists = if_exists
        self._reverse = _reverse

    @classmethod
    def from_constraint(cls, constraint: Constraint) -> DropConstraintOp:
        """The operation that drops this constraint and knows how to add it again."""
        table = table_of(constraint)
        return cls(
            name_of(constraint),
            table.name,
            _KINDS.get(constraint.__visit_name__),
            schema=table.schema,
            _reverse=AddConstraintOp.from_constraint(constraint),
        )

    def to_constraint(self) -> Constraint:
        """The constraint that is dropped.

        Raises:
            ValueError: its definition is not known.
        """
        if self._reverse is None:
            raise ValueError(
                f"cannot add constraint {self.constraint_name} again: its definition is unknown"
            )
        constraint = self._reverse.to_constraint()
        constraint.name = self.constraint_name
        table = table_of(constraint)
        table.name = self.table_name
        table.schema = self.schema
        return constraint

    def reverse(self) -> AddConstraintOp:
        """The operation that adds it again.

        Raises:
            ValueError: its definition is not known.
        """
        return AddConstraintOp.from_constraint(self.to_constraint())

    def to_diff_tuple(self) -> tuple[str, Constraint]:
        """As ``compare_metadata`` gives it."""
        kind = "remove_fk" if self.constraint_type == "foreignkey" else "remove_constraint"
        return (kind, self.to_constraint())


class ValidateConstraintOp(MigrateOperation):
    """``ALTER TABLE ... VALIDATE CONSTRAINT``."""

    directive = "validate_constraint"

    def __init__(self, constraint_name: str, table_name: str, *, schema: str | None = None) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.schema = schema


class ConstraintDirectives(Directives):
    """Directives for constraints of any kind."""

    def drop_constraint(
        self,
        constraint_name: str,
        table_name: str,
        type_: str | None = None,
        *,
        schema: str | None = None,
        if_exists: bool | None = None,
    ) -> None:
        """Drop a constraint. ACCESS EXCLUSIVE; of a foreign key, on both tables.

        Args:
            constraint_name: a plain name goes through the naming convention of the models when that
                has ``%(constraint_name)s``; ``op.f(...)`` says that it is final.
            table_name: of the table.
            type_: ``foreignkey``, ``primary``, ``unique``, ``check`` or ``exclude``; it only chooses
                the convention.
            schema: of the table.
            if_exists: say ``IF EXISTS``.

        Example::

            op.drop_constraint("ck_book_pages", "book", type_="check")
        """
        self.invoke(
            DropConstraintOp(constraint_name, table_name, type_, schema=schema, if_exists=if_exists)
        )

    def validate_constraint(
        self, constraint_name: str, table_name: str, *, schema: str | None = None
    ) -> None:
        """Check the rows that a NOT VALID constraint has not seen.

        SHARE UPDATE EXCLUSIVE: reads and writes go on. In the transaction that added the constraint
        the stronger lock stays through the scan: put a commit or a revision between the two.

        Example::

            op.create_check_constraint(
                "ck_book_pages", "book", "pages > 0", postgresql_not_valid=True
            )
            with op.autocommit():
                op.validate_constraint("ck_book_pages", "book")
        """
        self.invoke(ValidateConstraintOp(constraint_name, table_name, schema=schema))
