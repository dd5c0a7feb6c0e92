"""Exclusion constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.schema import Column
from sqlalchemy.types import NULLTYPE

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.base.sqlalchemy_private import exclusion_elements
from asyncmig.operations.directives.constraints import AddConstraintOp, name_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.sql.elements import ColumnElement, TextClause

    from asyncmig.operations.base.operation import ScriptContext

__all__ = ["CreateExcludeConstraintOp", "ExclusionDirectives"]


class CreateExcludeConstraintOp(
    AddConstraintOp,
    directive="create_exclude_constraint",
    in_alembic=True,
    visit_names=("exclude_constraint",),
):
    """``ALTER TABLE ... ADD EXCLUDE``."""

    constraint_type = "exclude"

    def __init__(
        self,
        constraint_name: str | None,
        table_name: str,
        elements: Sequence[tuple[str | ColumnElement[Any], str]],
        where: ColumnElement[bool] | TextClause | str | None = None,
        schema: str | None = None,
        _orig_constraint: ExcludeConstraint | None = None,
        **kw: Any,
    ) -> None:
        self.constraint_name = constraint_name
        self.table_name = table_name
        self.elements = elements
        self.where = where
        self.schema = schema
        self.kw = kw
        self._orig_constraint = _orig_constraint

    @classmethod
    def from_constraint(cls, constraint: ExcludeConstraint) -> CreateExcludeConstraintOp:
        """The operation that adds this exclusion constraint."""
        table = table_of(constraint)
        return cls(
            name_of(constraint),
            table.name,
            [(expression, operator) for expression, _, operator in exclusion_elements(constraint)],
            where=constraint.where,
            schema=table.schema,
            _orig_constraint=constraint,
            deferrable=constraint.deferrable,
            initially=constraint.initially,
            using=constraint.using,
            ops=constraint.ops,
        )

    def to_constraint(self, migration_context: ScriptContext | None = None) -> ExcludeConstraint:
        """The exclusion constraint as SQLAlchemy has it."""
        if self._orig_constraint is not None:
            return self._orig_constraint
        table = SchemaObjects(migration_context or self.script_context).named_table(
            self.table_name, schema=self.schema
        )
        constraint = ExcludeConstraint(
            *self.elements, name=self.constraint_name, where=self.where, **self.kw
        )
        for _, name, _ in exclusion_elements(constraint):
            if name is not None and name not in table.c:
                table.append_column(Column(name, NULLTYPE))
        table.append_constraint(constraint)
        return constraint


class ExclusionDirectives(Directives):
    """Directives for exclusion constraints."""

    def create_exclude_constraint(
        self, constraint_name: str, table_name: str, *elements: Any, **kw: Any
    ) -> None:
        """Add an exclusion constraint. ACCESS EXCLUSIVE while its index is built.

        Args:
            constraint_name: of the constraint.
            table_name: of the table.
            elements: pairs of a column or expression and its operator.
            kw: ``where``, ``schema``, ``using`` (``gist``), ``ops``, ``deferrable``, ``initially``.

        Example::

            op.create_exclude_constraint(
                "ex_loan_overlap", "loan", ("book_id", "="), ("during", "&&"), where="NOT returned"
            )
        """
        self.invoke(CreateExcludeConstraintOp(constraint_name, table_name, elements, **kw))
