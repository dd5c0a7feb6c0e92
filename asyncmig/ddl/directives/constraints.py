"""Constraints as DDL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.schema import AddConstraint, DropConstraint

from asyncmig.ddl.compilation import generate_sql
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.base.sqlalchemy_private import is_rendered
from asyncmig.operations.directives.constraints import (
    AddConstraintOp,
    DropConstraintOp,
    ValidateConstraintOp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.schema import Constraint

    from asyncmig.ddl.compilation import Compilation

__all__ = ["add", "add_constraint", "drop", "drop_constraint", "validate_constraint"]


def add(constraint: Constraint, compilation: Compilation) -> Iterator[str]:
    """ADD CONSTRAINT, unless the constraint has no place in PostgreSQL."""
    if is_rendered(constraint, compilation.ddl_compiler):
        rule = constraint._create_rule  # noqa: SLF001 - AddConstraint takes it out of CREATE TABLE
        statement = AddConstraint(constraint)
        constraint._create_rule = rule  # noqa: SLF001 - the constraint stays as it was
        yield compilation.ddl(statement)


def drop(
    constraint: Constraint, compilation: Compilation, *, if_exists: bool = False
) -> Iterator[str]:
    """DROP CONSTRAINT."""
    yield compilation.ddl(DropConstraint(constraint, if_exists=if_exists))


@generate_sql.register(AddConstraintOp)
def add_constraint(operation: AddConstraintOp, compilation: Compilation) -> Iterator[str]:
    """ADD CONSTRAINT of any kind."""
    yield from add(operation.to_constraint(), compilation)


@generate_sql.register(DropConstraintOp)
def drop_constraint(operation: DropConstraintOp, compilation: Compilation) -> Iterator[str]:
    """DROP CONSTRAINT by name."""
    constraint = SchemaObjects(operation.script_context).generic_constraint(
        operation.constraint_name,
        operation.table_name,
        operation.constraint_type,
        schema=operation.schema,
    )
    yield from drop(constraint, compilation, if_exists=bool(operation.if_exists))


@generate_sql.register(ValidateConstraintOp)
def validate_constraint(operation: ValidateConstraintOp, compilation: Compilation) -> Iterator[str]:
    """VALIDATE CONSTRAINT."""
    table = compilation.alter_table(operation.table_name, operation.schema)
    yield f"{table} VALIDATE CONSTRAINT {compilation.quote(operation.constraint_name)}"
