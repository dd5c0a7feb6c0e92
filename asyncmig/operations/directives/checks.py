"""CHECK constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from sqlalchemy.schema import CheckConstraint
    from sqlalchemy.sql.elements import ColumnElement, TextClause

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CheckDirectives", "CreateCheckConstraintOp"]


class CreateCheckConstraintOp(
    AddConstraintOp,
    directive="create_check_constraint",
    in_alembic=True,
    visit_names=(
        "check_constraint",
        "column_check_constraint",
        "table_or_column_check_constraint",
    ),
):
    """``ALTER TABLE ... ADD CHECK``."""

    constraint_type = "check"
    drop_type = "check"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        condition: str | TextClause | ColumnElement[Any],
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.condition = condition
        self.schema = schema
        self.kw = kw

    @classmethod
    def from_constraint(cls, constraint: CheckConstraint) -> CreateCheckConstraintOp:
        """The operation that adds this CHECK."""
        table = table_of(constraint)
        return cls(
            name_of(constraint),
            table.name,
            constraint.sqltext,
            schema=table.schema,
            **constraint.dialect_kwargs,
        )

    def to_constraint(self, migration_context: ScriptContext | None = None) -> CheckConstraint:
        """The CHECK as SQLAlchemy has it."""
        return SchemaObjects(migration_context or self.script_context).check_constraint(
            self.constraint_name, self.table_name, self.condition, schema=self.schema, **self.kw
        )


class CheckDirectives(Directives):
    """Directives for CHECK constraints."""

    def create_check_constraint(
        self,
        constraint_name: str | None,
        table_name: str,
        condition: str | ColumnElement[bool] | TextClause,
        *,
        schema: str | None = None,
        safe: bool = True,
        **kw: Any,
    ) -> None:
        """Add a CHECK. ACCESS EXCLUSIVE while every row is checked.

        With ``postgresql_not_valid=True``, ``validate_constraint`` checks the existing rows later.

        Args:
            constraint_name: None leaves it to the naming convention or to PostgreSQL.
            table_name: of the table.
            condition: SQL text or an expression.
            schema: of the table.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.
            kw: ``postgresql_not_valid``.

        Example::

            op.create_check_constraint("ck_book_pages", "book", sa.column("pages") > 0)
        """
        self.invoke_rewritable(
            CreateCheckConstraintOp(constraint_name, table_name, condition, schema=schema, **kw),
            safe=safe,
        )
