"""Columns as DDL."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import (
    CheckConstraint,
    Column,
    Computed,
    CreateIndex,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    SetColumnComment,
)
from sqlalchemy.sql.base import SchemaEventTarget
from sqlalchemy.types import Integer, to_instance

from asyncmig.ddl.compilation import generate_sql
from asyncmig.ddl.directives.constraints import add, drop
from asyncmig.ddl.keywords import OTHER_DATABASES
from asyncmig.operations.base.errors import directive_error
from asyncmig.operations.base.schema_objects import SchemaObjects
from asyncmig.operations.base.sqlalchemy_private import (
    copy_column,
    has_table,
    in_creation_order,
    is_rendered,
)
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.sql.quoting import comment_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.ddl.compilation import Compilation

__all__ = ["add_column", "alter_column", "drop_column"]

_IDENTITY_OPTIONS: dict[str, tuple[tuple[int | None, ...], str]] = {
    "cache": ((None, 1), "CACHE 1"),
    "cycle": ((None, False), "NO CYCLE"),
    "increment": ((None, 1), "INCREMENT BY 1"),
    "maxvalue": ((None, 2**15 - 1, 2**31 - 1, 2**63 - 1), "NO MAXVALUE"),
    "minvalue": ((None, 1), "NO MINVALUE"),
    "nomaxvalue": ((None, False, True), ""),
    "nominvalue": ((None, False, True), ""),
    "start": ((None, 1), "START WITH 1"),
}
"""The defaults of each option, and the clause that resets it."""

_OTHERS = (*OTHER_DATABASES, "existing_", "modify_", "insert_")


@generate_sql.register(AddColumnOp)
def add_column(operation: AddColumnOp, compilation: Compilation) -> Iterator[str]:
    """ADD COLUMN, then the column's constraints, index and comment."""
    column: Column[Any] = operation.column
    if not isinstance(column, Column):
        raise directive_error(
            f"add_column takes a column, not {type(column).__name__}",
            hint=f"write op.add_column({operation.table_name!r}, sa.Column('name', sa.Text))",
            directive=operation.directive,
        )
    if has_table(column):
        column = copy_column(column)
    table = SchemaObjects(operation.script_context).table(
        operation.table_name, column, schema=operation.schema
    )
    reference = _inline_reference(column) if operation.inline_references else None
    yield (
        f"{compilation.alter_table(operation.table_name, operation.schema)} ADD COLUMN "
        f"{'IF NOT EXISTS ' if operation.if_not_exists else ''}"
        + " ".join(_definition(column, reference, operation, compilation))
    )
    for constraint in in_creation_order(table.constraints):
        if constraint is not reference and not isinstance(constraint, PrimaryKeyConstraint):
            yield from add(constraint, compilation)
    for index in table.indexes:
        yield compilation.ddl(CreateIndex(index))
    if column.comment is not None:
        yield compilation.ddl(SetColumnComment(column))


def _definition(
    column: Column[Any],
    reference: ForeignKeyConstraint | None,
    operation: AddColumnOp,
    compilation: Compilation,
) -> Iterator[str]:
    yield compilation.column(column)
    if operation.inline_primary_key and column.primary_key:
        yield "PRIMARY KEY"
    if reference is not None:
        # a column constraint has no FOREIGN KEY(x)
        compiler = compilation.ddl_compiler
        referent = reference.elements[0].column
        yield (
            f"REFERENCES {compilation.qualified(referent.table.name, referent.table.schema)} "
            f"({compilation.quote(referent.name)})"
            + compiler.define_constraint_match(reference)
            + compiler.define_constraint_cascades(reference)
            + compiler.define_constraint_deferrability(reference)
        )
    for constraint in in_creation_order(column.constraints):
        yield compilation.constraint(constraint)


def _inline_reference(column: Column[Any]) -> ForeignKeyConstraint | None:
    """The foreign key of a column that has one; several stay constraints of the table."""
    keys = list(column.foreign_keys)
    return keys[0].constraint if len(keys) == 1 else None


@generate_sql.register(DropColumnOp)
def drop_column(operation: DropColumnOp, compilation: Compilation) -> Iterator[str]:
    """DROP COLUMN."""
    yield (
        f"{compilation.alter_table(operation.table_name, operation.schema)} DROP COLUMN "
        f"{'IF EXISTS ' if operation.if_exists else ''}{compilation.quote(operation.column_name)}"
    )


@generate_sql.register(AlterColumnOp)
def alter_column(operation: AlterColumnOp, compilation: Compilation) -> Iterator[str]:
    """Type, NOT NULL, default, comment and name, in this order; a statement each."""
    using = _using(operation)
    table = compilation.alter_table(operation.table_name, operation.schema)
    column = compilation.quote(operation.column_name)
    alter = f"{table} ALTER COLUMN {column}"
    if operation.existing_type is not None and operation.modify_type is not None:
        for check in _type_bound(operation, operation.existing_type, compilation):
            yield from drop(check, compilation)
    if operation.modify_type is not None:
        type_ = compilation.type(to_instance(operation.modify_type))
        yield f"{alter} TYPE {type_}" + (f" USING {using}" if using else "")
    if operation.modify_nullable is not None:
        yield f"{alter} {'DROP' if operation.modify_nullable else 'SET'} NOT NULL"
    if operation.modify_server_default is not False:
        yield f"{alter} {_default(operation, compilation)}"
    if operation.modify_comment is not False:
        name = compilation.qualified(operation.table_name, operation.schema)
        yield comment_on("COLUMN", f"{name}.{column}", operation.modify_comment)
    if operation.modify_name is not None:
        yield f"{table} RENAME {column} TO {compilation.quote(operation.modify_name)}"
    if operation.modify_type is not None:
        for check in _type_bound(operation, operation.modify_type, compilation):
            yield from add(check, compilation)


def _using(operation: AlterColumnOp) -> str | None:
    using: str | None = operation.kw.get("postgresql_using")
    if using is not None and operation.modify_type is None:
        raise directive_error(
            f"alter_column of {operation.table_name}.{operation.column_name} has postgresql_using "
            "and no type_",
            hint="postgresql_using converts the values to type_: give both",
            directive=operation.directive,
        )
    for name in operation.kw:
        if name != "postgresql_using" and not name.startswith(_OTHERS):
            warnings.warn(
                f"alter_column of {operation.table_name}.{operation.column_name}: {name} has no "
                "effect on PostgreSQL",
                stacklevel=2,
            )
    return str(using) if using is not None else None


def _type_bound(
    operation: AlterColumnOp, type_: Any, compilation: Compilation
) -> Iterator[CheckConstraint]:
    """The CHECKs of a Boolean or Enum type that is not native."""
    if not isinstance(to_instance(type_), SchemaEventTarget):
        return
    table = SchemaObjects(operation.script_context).table(
        operation.table_name, Column(operation.column_name, type_), schema=operation.schema
    )
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and is_rendered(
            constraint, compilation.ddl_compiler
        ):
            yield constraint


def _default(operation: AlterColumnOp, compilation: Compilation) -> str:
    default, existing = operation.modify_server_default, operation.existing_server_default
    if isinstance(default, Computed) or isinstance(existing, Computed):
        return _generation(operation, compilation)
    if isinstance(default, Identity) or isinstance(existing, Identity):
        return _identity(operation, compilation)
    if default is None:
        return "DROP DEFAULT"
    column: Column[Any] = Column("x", Integer, server_default=default)  # type: ignore[arg-type]  # False went
    text = compilation.ddl_compiler.get_column_default_string(column)
    if text is None:
        raise directive_error(
            f"the default of {operation.table_name}.{operation.column_name} is a "
            f"{type(default).__name__}, which has no SQL",
            hint="give it as a string, sa.text(...), an expression or Identity(...)",
            directive=operation.directive,
        )
    return f"SET DEFAULT {text}"


def _generation(operation: AlterColumnOp, compilation: Compilation) -> str:
    default, existing = operation.modify_server_default, operation.existing_server_default
    if default is None and isinstance(existing, Computed):
        return "DROP EXPRESSION"
    if isinstance(default, Computed) and isinstance(existing, Computed):
        return f"SET EXPRESSION AS ({compilation.expression(default.sqltext)})"
    raise directive_error(
        f"column {operation.table_name}.{operation.column_name} cannot become "
        + ("generated" if isinstance(default, Computed) else "an ordinary one in one step"),
        hint="drop the column and add it again with Computed(...)"
        if isinstance(default, Computed)
        else "drop the expression first (server_default=None), then set the default",
        directive=operation.directive,
    )


def _identity(operation: AlterColumnOp, compilation: Compilation) -> str:
    default, existing = operation.modify_server_default, operation.existing_server_default
    if default is None:
        return "DROP IDENTITY"
    if not isinstance(default, Identity):
        raise directive_error(
            f"column {operation.table_name}.{operation.column_name} is an identity and cannot have "
            "a default",
            hint="drop the identity first (server_default=None), then set the default",
            directive=operation.directive,
        )
    if not isinstance(existing, Identity):
        return f"ADD {compilation.ddl_compiler.process(default)}"
    changes = list(_identity_changes(default, existing, compilation))
    if not changes:
        raise directive_error(
            f"alter_column of {operation.table_name}.{operation.column_name} does not change its "
            "identity",
            hint="leave the directive out",
            directive=operation.directive,
        )
    return " ".join(changes)


def _identity_changes(
    default: Identity, existing: Identity, compilation: Compilation
) -> Iterator[str]:
    if bool(default.always) != bool(existing.always):
        yield f"SET GENERATED {'ALWAYS' if default.always else 'BY DEFAULT'}"
    for option, (standard, reset) in _IDENTITY_OPTIONS.items():
        after, before = getattr(default, option, None), getattr(existing, option, None)
        if after is not None and after != before:
            only: dict[str, Any] = {option: after}
            yield f"SET {compilation.ddl_compiler.get_identity_options(Identity(**only))}"
        elif after is None and before not in standard and not _is_unlimited(default, option):
            yield f"SET {reset}"


def _is_unlimited(identity: Identity, option: str) -> bool:
    """True when NO MINVALUE or NO MAXVALUE is given."""
    return bool(getattr(identity, f"no{option}", None))
